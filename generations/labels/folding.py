"""Tags as they are compared."""

from __future__ import annotations

import unicodedata

MAX_TAGS = 20
MAX_CHARS = 50
MAX_FOLDED = 200
"""Few characters become many when they are folded."""


def tag_folded(tag: str) -> str:
    """Returns what a tag is found by: upper and lower case, full-width forms and runs of spaces are alike."""
    return " ".join(unicodedata.normalize("NFKC", tag).casefold().split())
