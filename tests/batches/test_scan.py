"""Where items stand, found without parsing: in any JSON, and never in what is none."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from cavendish.http.problems import Problem
from generations.batches.json_scan import NotJson, elements, members, value_end
from generations.batches.source import file_mapped, line_spans, list_spans, member_spans


def made(random: random.Random, depth: int = 0) -> Any:
    kind = random.randrange(7 if depth < 4 else 5)
    if kind == 5:
        return [made(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return {word(random): made(random, depth + 1) for _ in range(random.randrange(4))}
    return (None, random.random() < 0.5, random.randrange(-(10**9), 10**9), random.random(), word(random))[kind]


def word(random: random.Random) -> str:
    return "".join(random.choice('ab"\\{}[],: \n\tö€😀') for _ in range(random.randrange(12)))


@pytest.mark.parametrize("seed", range(40))
def test_values_are_found_where_a_parser_finds_them(seed: int) -> None:
    chance = random.Random(seed)
    value = {f"{number}{word(chance)}": made(chance) for number in range(6)}
    listed = list(value.values())
    style: dict[str, Any] = {"ensure_ascii": seed % 2 == 0, "indent": (None, 1, "\t")[seed % 3]}
    text = b" \n" + json.dumps(value, **style).encode() + b"\r\n"
    spans = member_spans(text)
    assert {name: json.loads(text[start:end]) for name, (start, end) in spans.items()} == value
    text = json.dumps(listed, **style).encode()
    assert [json.loads(text[start:end]) for start, end in elements(text, 0, len(text))] == listed


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "{", "[", '{"a"', '{"a":', '{"a": }', '{"a": 1', '{"a": 1,', '{"a": 1,}', '{a: 1}',
     '{"a": 1 "b": 2}', '{"a": "b}', '{"a": [1}', '"a"', "1", "[1, 2"],
)  # fmt: skip
def test_what_is_shaped_like_nothing_is_none(text: str) -> None:
    raw = text.encode()
    with pytest.raises(NotJson):
        list(members(raw, 0, len(raw)))
    with pytest.raises(NotJson):
        list(elements(raw, 0, len(raw)))


def test_a_long_string_is_passed_over_at_once() -> None:
    text = b'{"data": "' + b"A" * 30_000_000 + b'\\"}", "b": 1}'
    assert value_end(text, 0, len(text)) == len(text)
    assert [name for name, _, _ in members(text, 0, len(text))] == ["data", "b"]


def test_names_of_items(tmp_path: Path) -> None:
    items = [
        {"key": "a", "request": {"key": "not this one"}},
        {"request": {}, "metadata": {"key": "b", "more": 1}},
        {"request": {}, "metadata": {"key": "c\u0000"}},
        {"key": 7, "request": {}},
        {"key": True},
        {"key": "k" * 300},
        {},
        1,
    ]
    text = json.dumps(items).encode()
    places = list_spans(text, 0, len(text), pointer="/items")
    assert [place.key for place in places] == ["a", "b", "c\ufffd", "7", "", "k" * 255, "", ""]
    assert places[1].metadata == {"key": "b", "more": 1}
    assert places[2].metadata == {"key": "c\ufffd"}
    path = tmp_path / "items.jsonl"
    path.write_bytes(b"\n \n".join(text[place.start : place.start + place.length] for place in places))
    with file_mapped(path) as lines:
        assert [place.key for place in line_spans(lines, pointer="")] == [place.key for place in places]


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "1e400", "[" * 64 + "1" + "]" * 64, "[" * 900 + "]" * 900, "9" * 5000]
)
@pytest.mark.parametrize("name", ["key", "metadata"])
def test_what_no_body_may_hold_is_no_name_and_no_metadata(name: str, value: str) -> None:
    text = f'[{{"{name}": {{"x": {value}}}, "request": {{}}}}, {{"{name}": {value}}}, {{"key": "b"}}]'.encode()
    places = list_spans(text, 0, len(text), pointer="/items")
    assert [(place.key, place.metadata) for place in places] == [("", None), ("", None), ("b", None)]


def test_too_many_and_none(settings: Settings) -> None:
    settings.MAX_BATCH_ITEMS = 3
    assert len(line_spans(b"{}\n{}\n{}", pointer="")) == 3
    for text in (b"{}\n{}\n{}\n{}", b"", b"\n\n"):
        with pytest.raises(Problem) as refused:
            line_spans(text, pointer="")
        assert refused.value.status == 422
