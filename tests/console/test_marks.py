"""Marks between parts of a text: as wide as Chinese characters where the page is Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from django.template import Context, Template
from django.utils import translation

from cavendish.above.ui import marks

ABOVE = Path(__file__).resolve().parents[2] / "platform/cavendish/above"
SENTENCE = re.compile(r"\{% blocktranslate.*?\{% endblocktranslate %\}", re.DOTALL)
HALF_WIDTH = re.compile(r"(?:%\}|\}\}|</(?!code)\w+>)(?:[,:;] ?| \()(?=\{%|\{\{|<)")
BLANK = re.compile(
    r"\.(?:\" %\}|\{% endblocktranslate %\})(?:</\w+>)?"  # the end of a sentence
    r"(?:\{% (?:if|elif|else|endif)\b[^%]*%\})* (?:\{% \w*translate|\{% if)"
)
OF_CODE = re.compile(r"</code>\{% if not forloop.last %\}, \{% endif %\}")
"""A list that somebody may copy into a program."""

SHOWN = "{% load ui %}{{ models|listed }}{% comma %}{{ size|in_brackets:remark }}{% colon %}{{ texts|clauses }}"


def shown() -> str:
    values = {"models": ["A", "B"], "size": "2K", "remark": "<default>", "texts": ["one", "", "two"]}
    return Template(SHOWN).render(Context(values))


def test_they_are_those_of_the_language() -> None:
    assert shown() == "A, B, 2K (&lt;default&gt;): one; two"
    assert marks.facts("Live", "", "key shop") == "Live, key shop"
    assert marks.sentences("One.", "", "Two.") == "One. Two."
    with translation.override("zh-hans"):
        assert shown() == "A、B，2K（&lt;default&gt;）：one；two"
        assert marks.sentences("一。", "二。") == "一。二。"
        assert marks.named("角色", marks.facts("所有者", "", "正式")) == "角色：所有者，正式"


def test_what_people_type_may_have_those_of_any_language() -> None:
    assert marks.entries(" red fox, 春，夏、, ") == ["red fox", "春", "夏"]
    assert marks.words("80，100 、120,130") == ["80", "100", "120", "130"]


def test_no_page_writes_them_itself_between_what_is_translated() -> None:
    found = [
        f"{path.name}: {text[max(0, mark.start() - 40) : mark.end() + 20]}"
        for path in ABOVE.rglob("*.html")
        for text in [OF_CODE.sub("", SENTENCE.sub("", path.read_text()))]
        for mark in HALF_WIDTH.finditer(text)
    ]
    assert found == []


def test_no_page_parts_its_sentences_by_a_blank() -> None:
    found = [path.name for path in ABOVE.rglob("*.html") if BLANK.search(path.read_text())]
    assert found == []
