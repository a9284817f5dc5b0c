"""The marks between parts of a text, as the viewer's language writes them: Chinese ones are as wide as its characters.

What a machine reads (a list of addresses to copy, a value of the API) keeps the marks of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import get_language, gettext, pgettext

_COMMAS = re.compile("[,，、]")


def comma() -> str:
    """Returns what stands between two facts: "Nano Banana 2, 2K"."""
    return gettext(", ")


def between() -> str:
    """Returns what stands between words of a list: "Read, Files"."""
    return pgettext("between words", ", ")


def colon() -> str:
    """Returns what stands between a name and what is said of it: "Role: Owner"."""
    return gettext(": ")


def gap() -> str:
    """Returns what stands between two sentences: nothing in Chinese, whose marks are wide enough."""
    return "" if (get_language() or "").startswith("zh") else " "


def listed(words: Iterable[object]) -> str:
    """Returns words as a list: "Read, Files"."""
    return between().join(map(str, words))


def facts(*parts: object) -> str:
    """Returns facts in a row, empty ones left out: "Nano Banana 2, 2K"."""
    return comma().join(str(part) for part in parts if part)


def named(name: object, text: object) -> str:
    """Returns a name and what is said of it: "Role: Owner"."""
    return f"{name}{colon()}{text}"


def in_brackets(text: object, remark: object) -> str:
    """Returns a text with a remark behind it: "2K (default)"."""
    return gettext("{text} ({remark})").replace("{text}", str(text)).replace("{remark}", str(remark))


def sentences(*parts: object) -> str:
    """Returns sentences in a row, empty ones left out."""
    return gap().join(str(part) for part in parts if part)


def clauses(*parts: object) -> str:
    """Returns clauses in a row, empty ones left out: "warns at 80 %; stops at 100 %"."""
    return gettext("; ").join(str(part) for part in parts if part)


def entries(text: str) -> list[str]:
    """Returns what somebody typed as a list, between the commas of any language."""
    return [entry for part in _COMMAS.split(text) if (entry := part.strip())]


def words(text: str) -> list[str]:
    """Returns what somebody typed as a list of single words: numbers, addresses, codes of languages."""
    return _COMMAS.sub(" ", text).split()
