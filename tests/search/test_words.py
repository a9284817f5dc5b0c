"""Which texts a search finds, in which writing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from generations.search.terms import MAX_TERMS, terms_asked, terms_of
from generations.search.words import words_asked, words_of

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("A red Cat, on the MAT!", "mat cat", True),
        ("A red Cat, on the MAT!", "“CAT”…", True),
        ("A red Cat", "cats", False),
        ("A red Cat", "ca", False),
        ("A red Cat", "red dog", False),
        ("snake_case, 85mm f/1.4", "case 85MM 4", True),
        ("Café in the STRASSE", "cafe straße", True),
        ("cafe", "CAFÉ", True),
        ("一只红色小猫在窗台上", "猫", True),
        ("一只红色小猫在窗台上", "小猫", True),
        ("一只红色小猫在窗台上", "窗台 红色小猫", True),
        ("一只红色小猫在窗台上", "猫小", False),
        ("一只红色小猫在窗台上", "小狗", False),
        ("iPhone手机壳 2K", "手机 iphone 2k", True),
        ("ﾈｺとイヌ", "ネコ", True),
        ("빨간 고양이를 그려줘", "고양이", True),
        ("แมวสีแดง", "แมว", True),
        ("लाल बिल्ली", "बिल्ली", True),
        ("Ёлка и кот", "елка", True),
        ("Fish 👩‍🎨 and chips", "🎨", True),
        ("Fish 👩🏽‍🎨 and chips", "👩‍🎨", True),
        ("🎨", "🐟", False),
        ("🇩🇪🇫🇷", "🇩🇪", True),
        ("🇩🇪🇫🇷", "🇩🇫", False),
    ],
)
def test_what_is_found(text: str, asked: str, found: bool) -> None:
    assert (
        set(words_asked(asked)) <= set(words_of(text)) if found else not set(words_asked(asked)) <= set(words_of(text))
    )


@pytest.mark.parametrize("text", ["", " ", "!?…", "_", "\u200d\ufe0f", "\0", "\ud800"])
def test_what_has_no_word(text: str) -> None:
    assert words_asked(text) == []


def steps(*texts: str, type: str = "user_input") -> list[dict[str, Any]]:
    return [{"type": type, "content": [{"type": "text", "text": text} for text in texts]}]


def test_terms_are_of_one_tenant_and_mode_and_of_what_people_wrote() -> None:
    terms = terms_of(steps("a cat", "猫"), tenant_id=ONE, livemode=True)
    assert len(terms) == 3
    assert set(terms_asked("CAT a 猫", tenant_id=ONE, livemode=True)) == set(terms)
    for tenant_id, livemode in ((OTHER, True), (ONE, False)):
        assert not set(terms_asked("cat a 猫", tenant_id=tenant_id, livemode=livemode)) & set(terms)
    assert terms_of(steps("a cat", type="model_output"), tenant_id=ONE, livemode=True) == []
    pictures: list[dict[str, Any]] = [
        {"type": "user_input", "content": [{"type": "image", "file_id": "file_1"}]},
        {"type": "thought"},
    ]
    assert terms_of(pictures, tenant_id=ONE, livemode=True) == []


def test_a_long_prompt_has_so_many_terms_and_no_more() -> None:
    long = " ".join(f"w{number}" for number in range(2 * MAX_TERMS))
    terms = terms_of(steps(long), tenant_id=ONE, livemode=True)
    assert len(terms) == len(set(terms)) == MAX_TERMS
    assert terms_asked("w0", tenant_id=ONE, livemode=True)[0] in terms
