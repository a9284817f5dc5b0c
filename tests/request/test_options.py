"""What a request asks for: formats with their deprecated spellings, and the other fields."""

from __future__ import annotations

import time
from typing import Any

import pytest

from generations.request import Response, effective_aspect_ratio, request_parse
from tests.request.helpers import FLASH, PRO, image, parse

BOTH = Response(True, True, None, "1K", None)


def only_image(aspect_ratio: str | None = None, image_size: str = "1K", mime_type: str | None = None) -> Response:
    return Response(False, True, aspect_ratio, image_size, mime_type)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, BOTH),
        ({"response_format": None}, BOTH),
        ({"response_format": []}, BOTH),
        ({"response_format": {}}, BOTH),
        ({"response_format": {"type": "image"}}, only_image()),
        ({"response_format": [{"type": "image"}]}, only_image()),
        ({"response_format": {"aspect_ratio": "16:9"}}, only_image("16:9")),
        ({"response_format": {"type": "text"}}, Response(True, False, None, "1K", None)),
        ({"response_format": [{"type": "text"}, {"type": "image"}]}, BOTH),
        (
            {"response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "16:9", "image_size": "2K"}]},
            Response(True, True, "16:9", "2K", None),
        ),
        (
            {"response_format": {"type": "image", "aspectRatio": "1:8", "imageSize": "4K", "mimeType": "image/jpeg"}},
            only_image("1:8", "4K", "image/jpeg"),
        ),
        (
            {"response_format": {"type": "image", "image_size": "512", "delivery": "inline"}},
            only_image(image_size="512"),
        ),
        ({"response_modalities": ["TEXT", "IMAGE"]}, BOTH),
        ({"response_modalities": ["image"]}, only_image()),
        ({"response_modalities": ["text"]}, Response(True, False, None, "1K", None)),
        ({"response_modalities": ["text"], "response_format": {"type": "image"}}, BOTH),
        ({"response_mime_type": "image/png"}, Response(True, True, None, "1K", "image/png")),
        ({"response_mime_type": "text/plain"}, BOTH),
        (
            {"generation_config": {"image_config": {"aspect_ratio": "3:2", "image_size": "2K"}}},
            Response(True, True, "3:2", "2K", None),
        ),
        (
            {
                "generation_config": {"image_config": {"aspect_ratio": "3:2", "image_size": "2K"}},
                "response_format": {"type": "image", "aspect_ratio": "3:2"},
            },
            only_image("3:2", "2K"),
        ),
    ],
)
def test_formats(body: dict[str, Any], expected: Response) -> None:
    assert parse("native", **body).response == expected
    assert parse("interactions", **body).response == expected


def test_everything_that_can_be_set() -> None:
    parsed = parse(
        system_instruction="Be brief.",
        generation_config={
            "thinking_level": "high",
            "thinking_summaries": "auto",
            "temperature": 1,
            "top_p": 0.5,
            "seed": 7.0,
            "max_output_tokens": 4000,
            "stop_sequences": ["END"],
        },
        tools=[{"type": "google_search", "search_types": ["web_search", "image_search"]}],
        max_images=3,
        previous_interaction_id="gen_1",
        store=False,
        metadata={"order": "7", "k" * 64: "v" * 512},
        safety_settings=[{"type": "harassment", "threshold": "block_only_high", "method": "severity"}],
    )

    assert parsed.model.id == FLASH
    assert parsed.system_instruction == "Be brief."
    assert (parsed.thinking_level, parsed.thinking_summaries) == ("high", "auto")
    assert (parsed.temperature, parsed.top_p, parsed.seed, parsed.max_output_tokens) == (1.0, 0.5, 7, 4000)
    assert isinstance(parsed.seed, int)
    assert parsed.stop_sequences == ("END",)
    assert parsed.search_types == ("web_search", "image_search")
    assert (parsed.max_images, parsed.previous_id, parsed.store) == (3, "gen_1", False)
    assert parsed.metadata == {"order": "7", "k" * 64: "v" * 512}
    assert parsed.safety_settings == ({"type": "harassment", "threshold": "block_only_high", "method": "severity"},)
    assert parsed.text_tokens == 2 + 3  # "a cat" and "Be brief.", four bytes a token


def test_defaults() -> None:
    parsed = parse()

    assert (parsed.thinking_level, parsed.thinking_summaries, parsed.temperature, parsed.seed) == (
        None,
        None,
        None,
        None,
    )
    assert (parsed.search_types, parsed.max_images, parsed.previous_id, parsed.store) == ((), 1, None, True)
    assert (parsed.metadata, parsed.safety_settings, parsed.background, parsed.stream) == ({}, (), False, False)
    assert request_parse({"model": PRO, "input": "a story"}).max_images == 4


def test_a_search_without_types_searches_the_web() -> None:
    assert parse(tools=[{"type": "google_search"}]).search_types == ("web_search",)
    assert parse(tools=[]).search_types == ()
    twice = [{"type": "google_search"}, {"type": "google_search", "search_types": ["image_search", "web_search"]}]
    assert parse(tools=twice).search_types == ("web_search", "image_search")


def test_the_same_previous_turn_may_be_named_twice() -> None:
    assert parse(previous_generation_id="gen_1", previous_interaction_id="gen_1").previous_id == "gen_1"


def test_fields_of_the_compatible_dialect() -> None:
    parsed = parse("interactions", model=f"models/{FLASH}", labels={"a": "1"}, metadata={"b": "2"}, background=True)

    assert parsed.model.id == FLASH
    assert parsed.metadata == {"a": "1", "b": "2"}
    assert parsed.background is True
    assert parse("interactions", stream=True).stream is True


@pytest.mark.parametrize(
    ("asked", "last_input", "previous", "expected"),
    [
        ("21:9", (100, 100), (100, 100), "21:9"),
        (None, (1600, 900), (100, 100), "16:9"),
        (None, (1920, 1090), None, "16:9"),
        (None, None, (848, 1264), "2:3"),
        (None, None, None, "1:1"),
        (None, (100, 1000), None, "1:8"),
        (None, (3000, 2990), None, "1:1"),
    ],
)
def test_default_aspect_ratio(
    asked: str | None, last_input: tuple[int, int] | None, previous: tuple[int, int] | None, expected: str
) -> None:
    parsed = parse(response_format={"type": "image", "aspect_ratio": asked})

    assert effective_aspect_ratio(parsed, last_input, previous) == expected


def test_the_last_picture_counts() -> None:
    parsed = parse(input=[image(file_id="a"), image(file_id="b"), {"type": "video", "file_id": "c"}, "x"])

    assert parsed.last_image is not None
    assert parsed.last_image.file_id == "b"
    assert (parsed.image_count, parsed.video_count) == (2, 1)


def test_parsing_is_cheap() -> None:
    started = time.perf_counter()
    for _ in range(100):
        parse(response_format={"type": "image", "aspect_ratio": "16:9"}, metadata={"a": "b"})
    # Measured: 0.04 ms. The bound is wide because other tests may share the machine.
    assert (time.perf_counter() - started) / 100 < 0.001
