"""Lists of words: whole words in any case, and parts of the text where a script puts no spaces between words."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

_MARKS_IN_A_ROW = 30
"""Of combining marks (UAX 15, 13): more of them on a letter are no language's, and normalizing them takes ages."""
# Soft hyphens, joiners and the like, which nobody sees: a word with one in it is still that word.
_INVISIBLE = dict.fromkeys([0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF])
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "YI")
"""Beginnings of the names of letters of scripts that put no spaces between words."""


@dataclass
class Automaton:
    """Finds many texts in another in one pass, whatever they are (Aho and Corasick, 1975)."""

    steps: list[dict[str, int]] = field(default_factory=lambda: [{}])
    fallbacks: list[int] = field(default_factory=lambda: [0])
    ends: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Automaton:
        """`texts` maps each to what is returned where it is found."""
        automaton = cls()
        for text, name in texts.items():
            state = 0
            for char in text:
                if char not in automaton.steps[state]:
                    automaton.steps[state][char] = len(automaton.steps)
                    automaton.steps.append({})
                    automaton.fallbacks.append(0)
                state = automaton.steps[state][char]
            automaton.ends[state] = name
        automaton._link()
        return automaton

    def __bool__(self) -> bool:
        return bool(self.ends)

    def find(self, text: str) -> str | None:
        """Returns the name of the text that ends first in this one."""
        if not self.ends:
            return None
        steps, fallbacks, ends, state = self.steps, self.fallbacks, self.ends, 0
        for char in text:
            while state and char not in steps[state]:
                state = fallbacks[state]
            state = steps[state].get(char, 0)
            if state in ends:
                return ends[state]
        return None

    def _link(self) -> None:
        queue = deque(self.steps[0].values())
        while queue:
            state = queue.popleft()
            if state not in self.ends and self.fallbacks[state] in self.ends:
                self.ends[state] = self.ends[self.fallbacks[state]]
            for char, following in self.steps[state].items():
                fallback = self.fallbacks[state]
                while fallback and char not in self.steps[fallback]:
                    fallback = self.fallbacks[fallback]
                self.fallbacks[following] = self.steps[fallback].get(char, 0)
                queue.append(following)


@dataclass(frozen=True)
class WordList:
    """The words of a rule, ready to be looked for; each maps to itself as it was written."""

    singles: Mapping[str, str]
    phrases: Automaton
    parts: Automaton

    @classmethod
    def of(cls, words: Iterable[str]) -> WordList:
        singles, phrases, parts = {}, {}, {}
        for word in words:
            folded = folded_text(word).strip()
            tokens = _tokens(folded)
            if not folded:
                continue
            if not tokens or any(_is_unspaced(char) for char in folded) or not _is_word(folded[0] + folded[-1]):
                parts[folded] = word
            elif len(tokens) == 1:
                singles[tokens[0]] = word
            else:
                phrases[f" {' '.join(tokens)} "] = word
        return cls(singles, Automaton.of(phrases), Automaton.of(parts))

    def find(self, text: str) -> str | None:
        """Returns the first word of the list that the text has, as the list has it. Takes time in its length."""
        folded = folded_text(text)
        word = self.parts.find(folded)
        if word is None and (self.singles or self.phrases):
            tokens = _tokens(folded)
            if present := self.singles.keys() & set(tokens):
                return self.singles[min(present)]
            word = self.phrases.find(f" {' '.join(tokens)} ")
        return word


def folded_text(text: str) -> str:
    """Returns the text as it is compared: NFKC, without case and without what is invisible."""
    text = _patterns()[1].sub(r"\1", text.translate(_INVISIBLE))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _tokens(folded: str) -> list[str]:
    return _patterns()[0].findall(folded)


def _is_word(text: str) -> bool:
    return all(char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M" for char in text)


def _is_unspaced(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_UNSPACED)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Returns what a word is made of, marks included, and too many marks in a row."""
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    marks = "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)
    return re.compile(f"[\\w{marks}]+"), re.compile(f"([{marks}]{{{_MARKS_IN_A_ROW}}})[{marks}]+")
