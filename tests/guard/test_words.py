"""Which words and languages are found in a text, and in what time."""

from __future__ import annotations

import time

import pytest

from generations.guard.languages import foreign_share
from generations.guard.words import WordList, folded_text

WORDS = WordList.of(["bad", "Straße", "red wine", "t-shirt", "c++", "裸体", "体操", "नमस्ते", "🍆", "ﬁre", "--"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("A BAD idea", "bad"),
        ("a badge", None),
        ("b\u00adad and b\u200bad", "bad"),
        ("ＢＡＤ", "bad"),
        ("STRASSE", "Straße"),
        ("Red\n wine!", "red wine"),
        ("redwine", None),
        ("T Shirt", "t-shirt"),
        ("fire", "ﬁre"),
        ("I like C++.", "c++"),
        ("cc", None),
        ("画一个裸体人", "裸体"),
        ("裸体操", "裸体"),
        ("裸 体操", "体操"),
        ("नमस्ते दुनिया", "नमस्ते"),
        ("eat 🍆", "🍆"),
        ("", None),
    ],
)
def test_words_are_found_whole_and_in_any_case(text: str, word: str | None) -> None:
    assert WORDS.find(text) == word


@pytest.mark.parametrize("text", ["aaaab " * 20_000, "词" * 100_000, "a" + "\u0315\u0300" * 100_000])
def test_a_long_text_takes_time_in_its_length(text: str) -> None:
    words = ["a" * n for n in range(5, 100)] + [f"词{n}" for n in range(400)] + [f"aaaab {n}" for n in range(400)]
    listed = WordList.of(words)
    began = time.thread_time()
    assert listed.find(text) is None
    assert time.thread_time() - began < 1.5
    assert len(folded_text(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "languages", "share"),
    [
        ("a cat", ["en"], 0),
        ("école", ["en"], 0),
        ("画一只猫", ["en"], 1),
        ("画一只猫", ["zh"], 0),
        ("画一只猫", ["Latn", "ja"], 0),
        ("кот cat", ["ru"], 0.5),
        ("1, 2, 3!", ["en"], 0),
    ],
)
def test_a_language_is_told_by_its_script(text: str, languages: list[str], share: float) -> None:
    assert foreign_share(text, languages) == share
