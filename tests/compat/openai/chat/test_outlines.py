"""The order of a turn and its signatures come back from a message as they left, or at least the signatures do."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pybase64
import pytest

from generations.compat.openai.chat.outlines import outline_unpack, turn_rebuild
from generations.compat.openai.chat.reply import _Reader

THOUGHT = {"type": "thought", "signature": "c2ln", "summary": [{"type": "text", "text": "hm"}]}
SEARCH = {"type": "google_search_call", "id": "1", "arguments": {"queries": ["é"]}, "signature": "eA=="}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def drawn(key: str) -> dict[str, Any]:
    return {"type": "image", "storage_key": key, "mime_type": "image/png"}


def step(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "model_output", "content": list(blocks)}


def message_of(*steps: dict[str, Any]) -> dict[str, Any]:
    texts = [
        {"type": "text", "text": block["text"], "citations": []}
        for each in steps
        for block in each.get("content", ())
        if block["type"] == "text"
    ]
    content: Any = SimpleNamespace(steps=list(steps), content=texts)
    return _Reader(content, thoughts=False).read().message()


def again(message: dict[str, Any], said: str | None = None) -> list[tuple[str, Any]]:
    """The turn that comes of the message when it is sent back, pictures by their keys."""
    pictures = [{"type": "image", "data": image["image_url"]["url"].key} for image in message.get("images", ())]
    outline = outline_unpack(message["reasoning_details"][0]["data"]) if "reasoning_details" in message else []
    rebuilt = turn_rebuild(outline, message["content"] if said is None else said, pictures)
    return [
        (each["type"], each.get("signature") or [block.get("text", block.get("data")) for block in each["content"]])
        for each in rebuilt
    ]


@pytest.mark.parametrize(
    "steps",
    [
        [THOUGHT, step(text("a é 🍌"), drawn("1"))],
        [THOUGHT, SEARCH, step(text("a"), drawn("1"), text("b"), drawn("2")), THOUGHT, step(text("c"))],
        [step(drawn("1"), text("a")), step(drawn("2"))],
        [THOUGHT, step(drawn("1"))],
        [step(text("a"), text("b"))],
        [step(text("a")), THOUGHT],
    ],
)
def test_a_turn_comes_back_as_it_was(steps: list[dict[str, Any]]) -> None:
    expected = [
        (
            each["type"],
            each.get("signature") or [block.get("text", block.get("storage_key")) for block in each["content"]],
        )
        for each in steps
    ]
    assert again(message_of(*steps)) == expected


def test_texts_that_a_picture_parts_are_paragraphs() -> None:
    assert message_of(step(text("a"), text("b"), drawn("1"), text("c")))["content"] == "ab\n\nc"


def test_nothing_is_packed_where_the_message_says_it_all() -> None:
    assert "reasoning_details" not in message_of(step(text("a"), drawn("1"), drawn("2")))
    assert list(message_of(step(drawn("1")))) == ["role", "content", "refusal", "images"]


def test_of_a_changed_text_the_signatures_stay() -> None:
    message = message_of(THOUGHT, step(drawn("1"), text("a b ")))
    assert again(message, "a b") == [("thought", "c2ln"), ("model_output", ["a b", "1"])]
    assert again({**message, "images": []}, "") == [("thought", "c2ln")]


@pytest.mark.parametrize(
    "packed",
    [
        "", "x", "é", "c2ln", 5 * [1], {"a": 1}, [1], [{"type": "user_input"}], [{}], None,
        [{"type": "model_output", "content": 1}], [{"type": "model_output", "content": [[0, 5], [3, 9], "x"]}],
        [{"type": "model_output", "content": [None, None]}], [{"type": "thought", "signature": 5}],
    ],
)  # fmt: skip
def test_what_was_not_packed_here(packed: Any) -> None:
    """It is dropped, or checked as every request is; it is never an error of ours."""
    data = (
        packed
        if isinstance(packed, str)
        else pybase64.b64encode(b"cavendish turn " + json.dumps(packed).encode()).decode()
    )
    try:
        turn_rebuild(outline_unpack(data), "abc", [])
    except TypeError:
        pytest.fail("an error of ours")
