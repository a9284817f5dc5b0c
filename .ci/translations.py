"""Translations of the pages: `update` takes the texts out of code and templates and compiles them, `check` fails where
one is missing. It needs Babel and no program of the system.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "platform/cavendish/above", *(ROOT / name for name in ("accounts", "billing", "generations"))]
CHECKS = [ROOT / "billing/reconcile/sql", ROOT / "generations/reconcile/sql"]
"""Reconcile's checks: pages show their names, and the comments at their top. What the catalog says of its models and
`declared` of settings is shown as well.
"""
FILE = ROOT / "platform/cavendish/above/locale/zh_Hans/LC_MESSAGES/django.po"
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None, "gettext_now": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
# What templates become: calls between placeholders, which are no Python as a whole.
CALL = re.compile(
    r"""\b(?P<name>[np]?gettext|_)\((?P<first>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")(?:,\s*(?P<second>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"))?"""
)

MARKS = re.compile(r"%\(\w+\)[sd]|%[a-z%]|\{\w*\}")
"""Placeholders, which a translation has as well."""

Message = str | tuple[str, str]


def messages() -> Iterator[tuple[Message, str | None, str]]:
    """Yields each message (a pair where there is a plural), its context where it has one, and where it stands."""
    for source in SOURCES:
        for path in sorted([*source.rglob("*.py"), *source.rglob("*.html")]):
            place = str(path.relative_to(ROOT))
            if path.suffix == ".py":
                source_text = path.read_bytes()
                if b"gettext" not in source_text:
                    continue
                found = extract("python", BytesIO(source_text), keywords=KEYWORDS)
                for _line, message, _comments, context in found:
                    yield (message if isinstance(message, str) else (message[0], message[1])), context, place
            else:
                for call in CALL.finditer(templatize(path.read_text())):
                    first = _text(call["first"])
                    second = _text(call["second"]) if call["second"] else ""
                    if call["name"] == "pgettext":
                        yield second, first, place
                    else:
                        yield ((first, second) if call["name"] == "ngettext" else first), None, place
    sys.path.insert(0, str(ROOT))
    from billing.reconcile.checks import checks_in
    from cavendish.boot.declared import SECTIONS
    from cavendish.gemini.catalog import models

    for folder in CHECKS:
        for check in checks_in(folder):
            place = str(folder.relative_to(ROOT))
            yield check.name.replace("_", " ").capitalize(), None, place
            yield check.about, None, place
    for model in models():
        for text in (model.description, *model.notes, *([model.deprecated.note] if model.deprecated else [])):
            yield text, None, "platform/cavendish/gemini/catalog"
    for section, settings in SECTIONS.items():
        for setting in settings:
            place = "platform/cavendish/boot/declared"
            default = setting.default_shown
            for text in (section, setting.about, *([default] if " " in default else [])):
                yield text, None, place


def _text(literal: str) -> str:
    """Returns what a literal of templatize says; it escapes as Python does."""
    text: str = eval(literal.removeprefix("u"), {"__builtins__": {}})  # a literal by the pattern above
    return text


def template() -> Catalog:
    # One moment for ever: a date that changes with each run is a conflict in each merge.
    made = datetime(2026, 11, 1, tzinfo=UTC)
    catalog = Catalog(locale="zh_Hans", project="Cavendish", charset="utf-8", fuzzy=False, creation_date=made)
    for message, context, place in messages():
        catalog.add(message, locations=[(place, 0)], context=context)
    return catalog


def update() -> None:
    """Adds new messages without a text, drops those that nothing uses, compiles."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    catalog = template()
    if FILE.exists():
        with FILE.open("rb") as file:
            old = read_po(file, locale="zh_Hans")
        for message in catalog:
            known = old.get(message.id, message.context)
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
    wanted = {(message.id, message.context) for message in template() if message.id}
    have = {(message.id, message.context): message.string for message in known if message.id}
    wrong = [f"not in the file: {text!r}" for text in sorted(str(id) for id, _context in wanted - have.keys())]
    wrong += [f"of nothing: {text!r}" for text in sorted(str(id) for id, _context in have.keys() - wanted)]
    for (id, _context), string in have.items():
        strings = string if isinstance(string, tuple) else (string,)
        if not all(strings):
            wrong.append(f"not translated: {id!r}")
            continue
        original = id if isinstance(id, str) else id[-1]
        marks = sorted(MARKS.findall(original))
        wrong += [f"other placeholders in {id!r}" for text in strings if sorted(MARKS.findall(text)) != marks]
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
