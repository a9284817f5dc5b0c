"""Text as the words that a search finds it by.

Upper and lower case, accents and full-width forms count as the same. What is written with spaces between words is found
by whole words. What is written without (Chinese, Japanese, Thai …; Korean, whose words carry endings) is found by every
character and by every two that stand together, so a search for three or more asks for each pair of neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
    "\U0001f1e6-\U0001f1ff"  # of flags, each of which is two letters
)
# Signs that belong to a word and are no letters to Python: Hebrew's, Arabic's and India's vowels.
_SIGNS = "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_EMOJI = (
    "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa"
    "\U0001f400-\U0001faff"  # without the colours of skin, which stand between the two
)
_WORD = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?:[^\\W_{_UNSPACED}]|[{_SIGNS}])+|[{_EMOJI}]")
_ASCII_WORD = re.compile("[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def words_of(text: str) -> Iterator[str]:
    """Yields the words by which a text is found. Some come more than once."""
    if text.isascii():
        yield from _ASCII_WORD.findall(text.lower())
        return
    for word, unspaced in _runs(text):
        yield word if not unspaced else word[0]
        if unspaced:
            for at in range(1, len(word)):
                yield word[at]
                yield word[at - 1 : at + 1]


def words_asked(text: str) -> list[str]:
    """Returns the words that a text must have to be found by a search for `text`; none for one without any."""
    asked: dict[str, None] = {}
    for word, unspaced in _runs(text):
        pairs = [word[at - 1 : at + 1] for at in range(1, len(word))] if unspaced else []
        asked |= dict.fromkeys(pairs or [word])
    return list(asked)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yields words, and stretches of writing without spaces, which the flag tells apart."""
    for match in _WORD.finditer(_folded(text)):
        yield match[0], match["unspaced"] is not None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
