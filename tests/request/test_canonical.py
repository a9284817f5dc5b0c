"""A draft as JSON again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from generations.request import request_canonical, request_normal, request_parse
from tests.request.helpers import FLASH, inline, parse, picture, read, text


def test_as_sent_with_bytes_replaced_by_file_ids(tmp_path: Path) -> None:
    body: dict[str, Any] = {
        "model": FLASH,
        "input": [
            text("a"),
            {"type": "image", "data": inline(picture()), "mime_type": "image/png", "role": "object"},
            {"type": "user_input", "content": [{"type": "image", "data": inline(picture((5, 5)))}]},
            {"type": "image", "uri": "https://pictures.example/a.png"},
        ],
        "response_format": {"type": "image", "aspectRatio": "16:9"},
        "metadata": {"a/b": "c"},
    }
    draft = request_parse(read(tmp_path, body))
    files = {"/input/1": "file_1", "/input/2/content/0": "file_2", "/input/3": "file_3"}

    expected = copy.deepcopy(body)
    expected["input"][1] = {"type": "image", "file_id": "file_1", "mime_type": "image/png", "role": "object"}
    expected["input"][2]["content"][0] = {"type": "image", "file_id": "file_2"}
    assert json.loads(json.dumps(request_canonical(draft, files))) == expected


def test_a_string_stays_a_string() -> None:
    assert request_canonical(parse(), {}) == {"model": FLASH, "input": "a cat"}


def test_a_canonical_request_can_be_sent_again(tmp_path: Path) -> None:
    body = {"model": FLASH, "input": [text("a"), {"type": "image", "data": inline(picture())}]}
    canonical = request_canonical(request_parse(read(tmp_path, body)), {"/input/1": "file_1"})

    assert request_canonical(request_parse(copy.deepcopy(canonical)), {}) == canonical


def test_bytes_without_a_file_id_are_not_lost_silently(tmp_path: Path) -> None:
    draft = request_parse(read(tmp_path, {"model": FLASH, "input": {"type": "image", "data": inline(picture())}}))

    with pytest.raises(KeyError):
        request_canonical(draft, {})
    with pytest.raises(KeyError):
        request_normal(draft, {})


def test_data_in_places_that_are_dropped_is_not_kept(tmp_path: Path) -> None:
    thought = {"type": "thought", "signature": "s", "summary": [{"type": "image", "data": inline(picture())}]}
    body = {"model": FLASH, "input": [thought, text("a")], "extra": {"data": "AAAA"}}
    draft = request_parse(read(tmp_path, body), dialect="interactions")

    assert request_canonical(draft, {}) == {
        "model": FLASH,
        "input": [{"type": "thought", "signature": "s", "summary": []}, text("a")],
    }


def test_the_normal_form_has_one_shape(tmp_path: Path) -> None:
    body = {
        "model": FLASH,
        "input": [
            {"role": "user", "content": "a"},
            {"type": "thought", "signature": "s", "summary": [text("hm")]},
            {"role": "model", "content": [{"type": "image", "output_id": "out_1"}]},
            text("b"),
            {"type": "image", "data": inline(picture()), "mime_type": "image/png", "role": "object"},
            {"type": "image", "uri": "https://pictures.example/a.png"},
            {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"},
        ],
        "system_instruction": "Be brief.",
        "generation_config": {"thinking_level": "high", "seed": 5, "image_config": {"aspect_ratio": "16:9"}},
        "tools": [{"type": "google_search"}],
        "max_images": 2,
        "metadata": {"a": "b"},
        "safety_settings": [{"type": "harassment", "threshold": "off"}],
    }
    draft = request_parse(read(tmp_path, body))

    assert request_normal(draft, {"/input/4": "file_1", "/input/5": "file_2"}) == {
        "input": [
            {"type": "user_input", "content": [text("a")]},
            {"type": "thought", "summary": [text("hm")], "signature": "s"},
            {"type": "model_output", "content": [{"type": "image", "output_id": "out_1"}]},
            {
                "type": "user_input",
                "content": [
                    text("b"),
                    {"type": "image", "file_id": "file_1", "mime_type": "image/png"},
                    {"type": "image", "file_id": "file_2"},
                    {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"},
                ],
            },
        ],
        "system_instruction": "Be brief.",
        "response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "16:9", "image_size": "1K"}],
        "generation_config": {"thinking_level": "high", "seed": 5},
        "tools": [{"type": "google_search", "search_types": ["web_search"]}],
        "safety_settings": [{"type": "harassment", "threshold": "off"}],
    }
