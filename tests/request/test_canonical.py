"""A draft as JSON again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from generations.request import request_canonical, request_parse
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
    parsed = request_parse(read(tmp_path, body))
    files = {"/input/1": "file_1", "/input/2/content/0": "file_2", "/input/3": "file_3"}

    expected = copy.deepcopy(body)
    expected["input"][1] = {"type": "image", "file_id": "file_1", "mime_type": "image/png", "role": "object"}
    expected["input"][2]["content"][0] = {"type": "image", "file_id": "file_2"}
    assert json.loads(json.dumps(request_canonical(parsed, files))) == expected


def test_a_string_stays_a_string() -> None:
    assert request_canonical(parse(), {}) == {"model": FLASH, "input": "a cat"}


def test_a_canonical_request_can_be_sent_again(tmp_path: Path) -> None:
    body = {"model": FLASH, "input": [text("a"), {"type": "image", "data": inline(picture())}]}
    canonical = request_canonical(request_parse(read(tmp_path, body)), {"/input/1": "file_1"})

    assert request_canonical(request_parse(copy.deepcopy(canonical)), {}) == canonical


def test_bytes_without_a_file_id_are_not_lost_silently(tmp_path: Path) -> None:
    parsed = request_parse(read(tmp_path, {"model": FLASH, "input": {"type": "image", "data": inline(picture())}}))

    with pytest.raises(KeyError):
        request_canonical(parsed, {})


def test_data_in_places_that_are_dropped_is_not_kept(tmp_path: Path) -> None:
    thought = {"type": "thought", "signature": "s", "summary": [{"type": "image", "data": inline(picture())}]}
    body = {"model": FLASH, "input": [thought, text("a")], "extra": None}
    parsed = request_parse(read(tmp_path, body), dialect="interactions")

    assert request_canonical(parsed, {}) == {
        "model": FLASH,
        "input": [{"type": "thought", "signature": "s", "summary": []}, text("a")],
    }
