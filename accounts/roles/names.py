"""What tenants and people may call themselves. Their names stand in mails that go to strangers from our address."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from cavendish.http.problems import FieldError

MAX_NAME_CHARS = 60
# An address that mail programs make a link of: a scheme, or something that ends like a host before a path.
_ADDRESS = re.compile(r"://|\bwww\.|[a-z0-9-]\.[a-z]{2,}/", re.IGNORECASE)
# Control characters, and those that change the direction or the look of their neighbours (bidi, zero width, tags).
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINER = "\u200d"
"""Joins emoji and letters of Indic scripts, and is harmless between two characters."""


def name_error(name: str) -> tuple[str, str] | None:
    """Returns code and detail of what is wrong with a name, or None; the detail in the language of the page, if any."""
    if len(name) > MAX_NAME_CHARS:
        return "too_long", gettext("A name has at most %s characters.").replace("%s", str(MAX_NAME_CHARS))
    if any(unicodedata.category(char) in _HIDDEN and char != _JOINER for char in name):
        return "unknown_value", gettext(
            "A name has no control characters and none that change the direction of the text."
        )
    # Fullwidth and other letters that a mail program or a browser reads as plain ones are compared as such.
    if _ADDRESS.search(unicodedata.normalize("NFKC", name)):
        return "unknown_value", gettext("A name has no web address in it.")
    return None


def check_name(name: str, field: str = "name") -> list[FieldError]:
    """Returns an error for a name that carries a message instead of naming somebody."""
    error = name_error(name)
    return [] if error is None else [FieldError(f"/{field}", *error)]


def validate_name(name: str) -> None:
    """Raises ValidationError for the names that `check_name` refuses; for forms."""
    if (error := name_error(name)) is not None:
        code, detail = error
        raise ValidationError(detail, code=code)
