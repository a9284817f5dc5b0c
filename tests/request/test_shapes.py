"""Every shape that official SDKs and guides send for `input`, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from generations.request import Dialect, Media, Step, Text, is_youtube, request_parse
from tests.request.helpers import FLASH, image, inline, parse, picture, read, text


def outline(steps: tuple[Step, ...]) -> list[tuple[str, list[str]]]:
    return [(step.type, [b.text if isinstance(b, Text) else b.pointer for b in step.content]) for step in steps]


@pytest.mark.parametrize("dialect", ["native", "interactions"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hi", [("user_input", ["hi"])]),
        (text("hi"), [("user_input", ["hi"])]),
        ({"text": "hi"}, [("user_input", ["hi"])]),
        ([text("hi"), image()], [("user_input", ["hi", "/input/1"])]),
        ([{"text": "hi"}, image()], [("user_input", ["hi", "/input/1"])]),
        (image(), [("user_input", ["/input"])]),
        (["a", "b"], [("user_input", ["a", "b"])]),
        (["a", image()], [("user_input", ["a", "/input/1"])]),
        ([text("a"), text("")], [("user_input", ["a"])]),
        ([{"type": "user_input", "content": [text("hi"), image()]}], [("user_input", ["hi", "/input/0/content/1"])]),
        ({"type": "user_input", "content": "hi"}, [("user_input", ["hi"])]),
        ([{"type": "user_input", "content": image()}], [("user_input", ["/input/0/content"])]),
        ([{"role": "user", "content": "a"}], [("user_input", ["a"])]),
        ([{"role": "user", "content": [text("a"), "b"]}], [("user_input", ["a", "b"])]),
        (
            [{"role": "user", "content": "a"}, {"role": "model", "content": "b"}, {"role": "user", "content": "c"}],
            [("user_input", ["a"]), ("model_output", ["b"]), ("user_input", ["c"])],
        ),
        (
            [{"type": "UNKNOWN", "raw": {"type": "image", "file_id": "f"}, "is_unknown": True}, "b"],
            [("user_input", ["/input/0/raw", "b"])],
        ),
        (
            [{"type": "model_output", "content": [text("b")]}, text("c"), image()],
            [("model_output", ["b"]), ("user_input", ["c", "/input/2"])],
        ),
    ],
)
def test_shapes_become_steps(value: Any, expected: list[tuple[str, list[str]]], dialect: Dialect) -> None:
    assert outline(parse(dialect, input=value).steps) == expected


def test_a_replayed_conversation_keeps_known_fields_and_signatures() -> None:
    parsed = parse(
        "interactions",
        input=[
            {"type": "user_input", "content": [text("a")]},
            {
                "type": "thought",
                "signature": "c2ln+/=",
                "summary": [text("hm"), {"type": "image", "data": "x", "mime_type": "image/png"}],
            },
            {
                "type": "google_search_call",
                "id": "gs_1",
                "arguments": {"queries": ["weather"], "extra": 1},
                "search_type": "web_search",
                "signature": "s2",
            },
            {"type": "google_search_result", "call_id": "gs_1", "result": [{"search_suggestions": "<div>"}]},
            {"type": "model_output", "content": [{**text("b"), "annotations": [{"url": "x"}]}, image()], "status": "x"},
            {"type": "user_input", "content": [text("c")]},
        ],
    )

    assert outline(parsed.steps) == [
        ("user_input", ["a"]),
        ("thought", ["hm"]),
        ("google_search_call", []),
        ("google_search_result", []),
        ("model_output", ["b", "/input/4/content/1"]),
        ("user_input", ["c"]),
    ]
    assert parsed.steps[1].fields == {"signature": "c2ln+/="}
    assert parsed.steps[2].fields == {
        "id": "gs_1",
        "search_type": "web_search",
        "arguments": {"queries": ["weather"]},
        "signature": "s2",
    }
    assert parsed.steps[3].fields == {"call_id": "gs_1", "result": [{"search_suggestions": "<div>"}]}
    assert parsed.image_count == 1
    # a, hm, "weather", "<div>", b, c: four bytes a token; signatures are not text
    assert parsed.text_tokens == 1 + 1 + 2 + 2 + 1 + 1


def test_pictures_of_earlier_answers_are_no_references() -> None:
    made = {"type": "model_output", "content": [image(), image()]}
    parsed = parse("interactions", input=["a", made, "b", *[image()] * 14])

    assert parsed.image_count == 16


def test_sources_of_media(tmp_path: Path) -> None:
    data = picture()
    tree = read(
        tmp_path,
        {
            "model": FLASH,
            "input": [
                {"type": "image", "data": inline(data), "mime_type": "image/png", "role": "object"},
                {"type": "image", "uri": "https://pictures.example/a.png"},
                {"type": "image", "file_id": "file_1"},
                {"type": "image", "output_id": "out_1", "role": "character"},
                {"type": "video", "uri": "https://www.youtube.com/watch?v=UTdfxFyOQTI", "mime_type": "video/mp4"},
                {"type": "video", "file_id": "file_2"},
            ],
        },
    )
    media = list(request_parse(tree).media())

    assert [(m.kind, m.source, m.role, m.mime_type, m.needs_fetch) for m in media] == [
        ("image", "data", "object", "image/png", False),
        ("image", "uri", None, None, True),
        ("image", "file_id", None, None, False),
        ("image", "output_id", "character", None, False),
        ("video", "uri", None, "video/mp4", False),
        ("video", "file_id", None, None, False),
    ]
    assert media[0].data is not None
    assert media[0].data.path.read_bytes() == data
    assert [m.pointer for m in media] == [f"/input/{i}" for i in range(6)]


ID = "0193" + "ab" * 14


@pytest.mark.parametrize(
    ("uri", "source", "value"),
    [
        ("files/abc-123", "file_id", "abc-123"),
        (f"https://generativelanguage.googleapis.com/v1beta/files/file_{ID}", "file_id", f"file_{ID}"),
        (f"https://cavendish.example/v1/files/file_{ID}", "file_id", f"file_{ID}"),
        (f"http://127.0.0.1:8000/v1beta/files/file_{ID}", "file_id", f"file_{ID}"),
        ("http://127.0.0.1:8000/v1beta/files/abc", "file_id", "abc"),
        ("https://cavendish.example/v1/files/logo", "uri", "https://cavendish.example/v1/files/logo"),
        (f"http://127.0.0.1:8000/api/v1/files/file_{ID}/content?signature=x", "file_id", f"file_{ID}"),
        (f"http://127.0.0.1:8000/api/v1/outputs/out_{ID}/content?expires=5&signature=x", "output_id", f"out_{ID}"),
        (
            f"https://cavendish.example/api/v1/outputs/out_{ID}",
            "uri",
            f"https://cavendish.example/api/v1/outputs/out_{ID}",
        ),
    ],
)
def test_own_addresses_become_ids(uri: str, source: str, value: str, settings: Settings) -> None:
    settings.BASE_URL = "http://127.0.0.1:8000"
    (media,) = parse(input=["a", {"type": "image", "uri": uri}]).media()

    assert media.source == source
    assert getattr(media, source) == value


@pytest.mark.parametrize(
    ("uri", "youtube"),
    [
        ("https://www.youtube.com/watch?v=UTdfxFyOQTI", True),
        ("https://youtube.com/watch?t=5&v=UTdfxFyOQTI", True),
        ("https://m.youtube.com/shorts/UTdfxFyOQTI", True),
        ("https://youtu.be/UTdfxFyOQTI?si=x", True),
        ("https://www.youtube.com/live/UTdfxFyOQTI", True),
        ("https://www.youtube.com/", False),
        ("https://www.youtube.com/watch?list=x", False),
        ("https://youtube.com.example/watch?v=UTdfxFyOQTI", False),
        ("https://user@youtube.com/watch?v=UTdfxFyOQTI", False),
        ("https://example.com/youtube.com/watch?v=UTdfxFyOQTI", False),
    ],
)
def test_youtube_addresses_are_passed_on_and_others_fetched(uri: str, youtube: bool) -> None:
    assert is_youtube(uri) is youtube


def test_the_compatible_dialect_drops_what_changes_nothing_and_says_so() -> None:
    parsed = parse(
        "interactions",
        input=[{"type": "image", "file_id": "f", "mimeType": "image/x-unknown", "resolution": "high", "name": "x"}],
        response_format={"type": "image", "quality": None},
        generation_config={"top_k": 5, "thinking_level": "high", "tool_choice": "auto"},
    )

    assert parsed.document == {
        "model": FLASH,
        "input": [{"type": "image", "file_id": "f", "mimeType": "image/x-unknown"}],
        "response_format": {"type": "image"},
        "generation_config": {"thinking_level": "high"},
    }
    assert parsed.ignored == ("input.0.resolution", "input.0.name", "generation_config.top_k")
    (media,) = parsed.media()
    assert isinstance(media, Media)
    assert media.mime_type == "image/x-unknown"


def test_fourteen_references_by_role_are_taken() -> None:
    roles = [image(role="object")] * 6 + [image(role="character")] * 5 + [image(role="style")] * 3
    parsed = request_parse({"model": "gemini-3-pro-image", "input": ["a", *roles]})

    assert parsed.image_count == 14
