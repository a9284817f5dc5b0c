"""Translations of the pages: `update` takes the texts out of code and templates and compiles them, `check` fails where
one is missing. It needs Babel and no program of the system.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "platform/cavendish/above"]
FILE = ROOT / "platform/cavendish/above/locale/zh_Hans/LC_MESSAGES/django.po"
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None, "gettext_now": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
# What templates become: calls between placeholders, which are no Python as a whole.
CALL = re.compile(
    r"""\b(?P<name>n?gettext|_)\((?P<first>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")(?:,\s*(?P<second>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"))?"""
)

Message = str | tuple[str, str]


def messages() -> Iterator[tuple[Message, str]]:
    """Yields each message (a pair where there is a plural) and where it stands."""
    for source in SOURCES:
        for path in sorted([*source.rglob("*.py"), *source.rglob("*.html")]):
            place = str(path.relative_to(ROOT))
            if path.suffix == ".py":
                found = extract("python", BytesIO(path.read_bytes()), keywords=KEYWORDS)
                for _line, message, _comments, _context in found:
                    yield (message if isinstance(message, str) else (message[0], message[1])), place
            else:
                for call in CALL.finditer(templatize(path.read_text())):
                    first = _text(call["first"])
                    second = call["second"]
                    yield ((first, _text(second)) if call["name"] == "ngettext" and second else first), place


def _text(literal: str) -> str:
    """Returns what a literal of templatize says; it escapes as Python does."""
    text: str = eval(literal.removeprefix("u"), {"__builtins__": {}})  # a literal by the pattern above
    return text


def template() -> Catalog:
    catalog = Catalog(locale="zh_Hans", project="Cavendish", charset="utf-8", fuzzy=False)
    for message, place in messages():
        catalog.add(message, locations=[(place, 0)])
    return catalog


def update() -> None:
    """Adds new messages without a text, drops those that nothing uses, compiles."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    catalog = template()
    if FILE.exists():
        with FILE.open("rb") as file:
            old = read_po(file, locale="zh_Hans")
        for message in catalog:
            known = old.get(message.id)
            if message.id and known is not None and known.string:
                message.string = known.string
    with FILE.open("wb") as file:
        write_po(file, catalog, sort_output=True, no_location=True, omit_header=False, width=110)
    with FILE.open("rb") as file, FILE.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(file, locale="zh_Hans"))


def check() -> list[str]:
    """Returns what is wrong: texts without a translation, translations of nothing, a compiled file of another time."""
    with FILE.open("rb") as file:
        known = read_po(file, locale="zh_Hans")
    wanted = {message.id for message in template() if message.id}
    have = {message.id: message.string for message in known if message.id}
    wrong = [f"not in the file: {text!r}" for text in sorted(map(str, wanted - have.keys()))]
    wrong += [f"of nothing: {text!r}" for text in sorted(map(str, have.keys() - wanted))]
    for id, string in have.items():
        strings = string if isinstance(string, tuple) else (string,)
        if not all(strings):
            wrong.append(f"not translated: {id!r}")
            continue
        original = id if isinstance(id, str) else id[-1]
        marks = sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", original))
        wrong += [
            f"other placeholders in {id!r}" for text in strings
            if sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text)) != marks
        ]  # fmt: skip
    compiled = BytesIO()
    write_mo(compiled, known)
    if FILE.with_suffix(".mo").read_bytes() != compiled.getvalue():
        wrong.append("the compiled file is of another time: run `update`")
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    wrong = check()
    for line in wrong:
        print(line)
    sys.exit(bool(wrong) and sys.argv[1:] != ["update"])
