"""`template` of a request: its slots, its values, and the pictures beside it; and the templates that are shipped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from cavendish.http.problems import Problem
from generations.prompt_templates.guide import guide, language_of
from generations.prompt_templates.selectors import template_finder
from generations.request import (
    LANGUAGES,
    GenerationRequest,
    Template,
    Text,
    request_canonical,
    request_parse,
    slots_fill,
    slots_in,
)
from tests.request.helpers import FLASH, errors_of, image, text

CAT = Template("tpl_cat", 3, None, "A [color] cat. [mood]. Sign: [EXIT]", {"color": True, "mood": False})


def find(id: str, version: int | None, language: str | None) -> Template | None:
    return CAT if id == CAT.id and version in {None, CAT.version} else None


def parse(template: Any, **body: Any) -> GenerationRequest:
    return request_parse({"model": FLASH, "template": template, **body}, templates=find)


def wrong(template: Any, **body: Any) -> list[tuple[str, str]]:
    with pytest.raises(Problem) as caught:
        parse(template, **body)
    assert (caught.value.status, caught.value.code) == (422, "invalid_request")
    return [(error.pointer, error.code) for error in caught.value.errors]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", guide().templates)
def test_a_shipped_template_is_filled_by_its_example_in_each_language(id: str, language: str) -> None:
    template = guide().templates[id]
    values = {slot.name: slot.example[language] for slot in template.slots}
    body = {"model": FLASH, "template": {"id": id, "language": language, "values": values}}
    parsed = request_parse(body, templates=template_finder(tenant_id=UUID(int=0), livemode=True))
    assert parsed.template is not None
    assert slots_in(template.prompt[language]) == list(dict.fromkeys(slots_in(template.prompt[language])))
    assert set(slots_in(template.prompt[language])) == set(values)
    assert not re.search(r"[\[\]{}]|  | [.,]|\.\.", parsed.template.prompt)
    assert all(value in parsed.template.prompt for value in values.values())
    words = [template.name, template.description, template.prompt, template.worked]
    words += [each for slot in template.slots for each in (slot.label, slot.example)]
    assert {tuple(sorted(each)) for each in words} == {("en", "zh")}
    written = [template.name[language], template.prompt[language], template.worked[language]]
    assert all(bool(re.search(r"[\u4e00-\u9fff]", each)) == (language == "zh") for each in written)


def test_the_guide_is_whole() -> None:
    categories = [template.category for template in guide().templates.values()]
    assert (categories.count("generating"), categories.count("editing")) == (6, 7)
    assert len(guide().practices) == 6
    (grounded,) = guide().examples
    assert [tool["type"] for tool in grounded.tools] == ["google_search"]


@pytest.mark.parametrize(
    ("prompt", "values", "filled"),
    [
        ("A [x] cat", {"x": "red"}, "A red cat"),
        ("A {{x}} cat, {x} and [ x ]", {"x": "red"}, "A red cat, red and red"),
        ("A [x] cat", {}, "A cat"),
        ("A cat [x]", {}, "A cat"),
        ("A cat. [x]. Sharp.", {}, "A cat. Sharp."),
        ("一只猫。[x]。清晰。", {}, "一只猫。清晰。"),
        ("[x] A cat", {"x": "  "}, "A cat"),
        ("A [x] cat on [y]", {"x": "[y]", "y": "[x]"}, "A [y] cat on [x]"),
        ('{"sign": [EXIT]} and [x]', {"x": "red"}, '{"sign": [EXIT]} and red'),
    ],
)
def test_slots_are_filled(prompt: str, values: Mapping[str, str], filled: str) -> None:
    assert slots_fill(prompt, {"x", "y"}, values) == filled


@pytest.mark.parametrize(
    ("template", "errors"),
    [
        ("tpl_cat", [("/template", "wrong_type")]),
        ({}, [("/template/id", "required")]),
        ({"id": 5}, [("/template/id", "wrong_type")]),
        ({"id": "nobody's"}, [("/template/id", "unknown_template")]),
        ({"id": "tpl_cat", "version": 2}, [("/template/version", "unknown_value")]),
        ({"id": "tpl_cat", "version": "x", "values": {"color": "red"}}, [("/template/version", "wrong_type")]),
        ({"id": "tpl_dog", "values": [1]}, [("/template/values", "wrong_type"), ("/template/id", "unknown_template")]),
        ({"id": "tpl_cat"}, [("/template/values/color", "required")]),
        ({"id": "tpl_cat", "values": {"color": None}}, [("/template/values/color", "required")]),
        ({"id": "tpl_cat", "values": {"color": " "}}, [("/template/values/color", "empty")]),
        ({"id": "tpl_cat", "values": {"color": 5}}, [("/template/values/color", "wrong_type")]),
        ({"id": "tpl_cat", "values": {"color": "r" * 4001}}, [("/template/values/color", "too_long")]),
        (
            {"id": "tpl_cat", "values": {"colour": "red", "EXIT": "x"}, "vlaues": {}},
            [
                ("/template/vlaues", "unknown_field"),
                ("/template/values/colour", "unknown_field"),
                ("/template/values/EXIT", "unknown_field"),
                ("/template/values/color", "required"),
            ],
        ),
        ({"id": "tpl_cat", "values": {"color": "a\0"}}, [("/template/values/color", "unknown_value")]),
        ({"id": "tpl_cat", "language": "de", "values": {"color": "red"}}, [("/template/language", "unknown_value")]),
    ],
)  # fmt: skip
def test_a_wrong_template_is_refused_with_every_wrong_value(template: Any, errors: list[tuple[str, str]]) -> None:
    assert wrong(template) == errors


RED = {"id": "tpl_cat", "values": {"color": "red"}}
PROMPT = "A red cat. Sign: [EXIT]"


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ("a dog", "/input"),
        ([image(), text("a dog")], "/input/1"),
        ([image(), PROMPT, "and more"], "/input/1"),
        ([{"type": "user_input", "content": [image()]}], "/input/0"),
        ({"role": "user", "content": "a dog"}, "/input"),
    ],
)
def test_input_beside_a_template_takes_pictures_only(sent: Any, pointer: str) -> None:
    assert wrong(RED, input=sent) == [(pointer, "conflict")]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, PROMPT),
        ("", PROMPT),
        ([], PROMPT),
        (PROMPT, PROMPT),
        (image(), [image(), text(PROMPT)]),
        ([image(role="object"), image()], [image(role="object"), image(), text(PROMPT)]),
        ([image(), text(PROMPT)], [image(), text(PROMPT)]),
    ],
)
def test_a_request_with_a_template_shows_its_prompt_and_can_be_sent_again(sent: Any, stored: Any) -> None:
    parsed = parse(RED, input=sent)
    (step,) = parsed.steps
    assert [block.text for block in step.content if isinstance(block, Text)] == [PROMPT]
    assert parsed.text_tokens == request_parse({"model": FLASH, "input": PROMPT}).text_tokens
    shown = request_canonical(parsed, {})
    assert shown["input"] == stored
    assert shown["template"] == {"id": "tpl_cat", "version": 3, "values": {"color": "red"}}
    assert request_canonical(request_parse(shown, templates=find), {}) == shown


def test_google_s_dialect_has_no_templates() -> None:
    [error] = errors_of({"model": FLASH, "input": "a dog", "template": RED}, dialect="interactions")
    assert (error.pointer, error.code) == ("/template", "unknown_field")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("zh-Hans-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH", "zh"),
        ("de,en;q=0.5,zh;q=0.9", "zh"),
        ("fr", "en"),
        ("x" * 9000, "en"),
        ("zh;q=nan, ;;,", "en"),
        ("zh;q=0", "en"),
        ("zh;q=0, en;q=0.1", "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header: str | None, language: str) -> None:
    assert language_of(header) == language
