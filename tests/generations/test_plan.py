"""What a worker is told to send: whitelisted, complete, and worth no more than what is held."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from generations.accept.inputs import Input, Inputs
from generations.accept.job_spec import job_spec_build
from generations.request import request_parse
from tests.request.helpers import FLASH, PRO, inline, parse, picture, read, text

FILE = UUID("01a20717c258708c8ba050cc036062ad")


def test_the_plan_has_one_shape_for_all_inputs(tmp_path: Path) -> None:
    body: dict[str, Any] = {
        "model": FLASH,
        "input": [
            {"role": "user", "content": "a"},
            {"type": "thought", "signature": "s", "summary": [text("hm")]},
            text("b"),
            {"type": "image", "data": inline(picture()), "mime_type": "image/png", "role": "object"},
            {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"},
        ],
        "system_instruction": "Be brief.",
        "generation_config": {"thinking_level": "high", "seed": 5, "image_config": {"aspect_ratio": "16:9"}},
        "tools": [{"type": "google_search", "search_types": ["image_search"]}],
        "max_images": 2,
        "metadata": {"a": "b"},
        "safety_settings": [{"type": "harassment", "threshold": "off"}],
    }
    parsed = request_parse(read(tmp_path, body))
    stored = Input(kind="image", mime_type="image/png", storage_key="t/f", bytes=9, width=64, height=48, file_id=FILE)
    video = Input(kind="video", mime_type="video/mp4", uri="https://youtu.be/UTdfxFyOQTI")
    spec = job_spec_build(parsed, Inputs(by_pointer={"/input/3": stored, "/input/4": video}))

    assert spec.body["steps"] == [
        {"type": "user_input", "content": [text("a")]},
        {"type": "thought", "signature": "s", "summary": [text("hm")]},
        {
            "type": "user_input",
            "content": [
                text("b"),
                {
                    "type": "image",
                    "mime_type": "image/png",
                    "storage_key": "t/f",
                    "bytes": 9,
                    "file_id": f"file_{FILE.hex}",
                },
                {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI", "mime_type": "video/mp4"},
            ],
        },
    ]
    assert spec.body["response_format"] == [
        {"type": "text"},
        {"type": "image", "aspect_ratio": "16:9", "image_size": "1K"},
    ]
    assert spec.body["tools"] == [{"type": "google_search", "search_types": ["image_search"]}]
    assert spec.body["safety_settings"] == [{"type": "harassment", "threshold": "off"}]
    worst = spec.estimate.worst_case
    caps = worst["image_output"] + worst["text_output"] + worst["thought_output"]
    assert spec.body["generation_config"] == {"max_output_tokens": caps, "thinking_level": "high", "seed": 5}
    assert worst["image_output"] == 2 * 1120


def test_a_smaller_cap_of_the_client_wins() -> None:
    spec = job_spec_build(parse(generation_config={"max_output_tokens": 2000}), Inputs())

    assert spec.body["generation_config"]["max_output_tokens"] == 2000


def test_a_picture_alone_is_asked_for_without_text() -> None:
    spec = job_spec_build(parse(response_format={"type": "image", "mime_type": "image/jpeg"}), Inputs())

    assert spec.body["response_format"] == {
        "type": "image",
        "aspect_ratio": "1:1",
        "image_size": "1K",
        "mime_type": "image/jpeg",
    }
    assert "text_output" not in spec.estimate.expected


def test_the_shape_of_the_last_picture_is_the_default(tmp_path: Path) -> None:
    wide = Input(kind="image", mime_type="image/png", storage_key="k", bytes=1, width=1600, height=900, file_id=FILE)
    parsed = request_parse({"model": FLASH, "input": [text("a"), {"type": "image", "file_id": "file_1"}]})
    spec = job_spec_build(parsed, Inputs(by_pointer={"/input/1": wide}, previous_size=(10, 10)))

    assert spec.resolution is not None
    assert (spec.resolution.aspect_ratio, spec.resolution.width, spec.resolution.height) == ("16:9", 1376, 768)


def test_the_shape_of_the_turn_before_is_the_next_default() -> None:
    spec = job_spec_build(parse(), Inputs(previous_size=(768, 1376)))

    assert spec.resolution is not None
    assert spec.resolution.aspect_ratio == "9:16"


def test_the_worst_case_is_above_the_expected_in_every_kind() -> None:
    for model in (FLASH, PRO):
        estimate = job_spec_build(request_parse({"model": model, "input": "a"}), Inputs()).estimate
        worst = estimate.worst_case
        assert all(worst[kind] >= quantity for kind, quantity in estimate.expected.items())
        assert estimate.max_output_tokens <= estimate.model.output_token_limit
