"""What the guide shows, each through the whole platform: accept, sandbox, store, settle, show."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from cavendish.gemini.catalog import models
from tests.api.accounts import FLASH, LITE, OLD, PRO, SMALL, Account, image, picture, text

YOUTUBE = "https://www.youtube.com/watch?v=UTdfxFyOQTI"


def sizes(generation: dict[str, Any]) -> list[tuple[int, int]]:
    return [(output["width"], output["height"]) for output in generation["outputs"]]


def kinds(parts: list[dict[str, Any]]) -> list[str]:
    return [part["type"] for part in parts]


def test_text_to_image_comes_back_as_the_contract_says(account: Account) -> None:
    made = account.make(input="a cat", metadata={"order": "7"}, response_format=None)
    assert list(made) == [
        "id", "object", "status", "model", "livemode", "created_at", "started_at", "finished_at", "deadline_at",
        "attempts", "queue_position", "estimated_seconds", "previous_generation_id", "group_id", "batch_id",
        "metadata", "tags", "request", "content", "outputs", "thoughts", "grounding", "usage", "charge", "error",
        "notices", "page_url",
    ]  # fmt: skip
    assert (made["object"], made["model"], made["livemode"], made["attempts"]) == ("generation", FLASH, True, 1)
    assert made["metadata"] == {"order": "7"}
    assert made["request"] == {"model": FLASH, "input": "a cat", "metadata": {"order": "7"}}
    assert made["created_at"] < made["started_at"] < made["finished_at"] < made["deadline_at"]
    assert kinds(made["content"]) == ["text", "image"]
    [output] = made["outputs"]
    assert made["content"][1] == {"type": "image", "output_id": output["id"]}
    assert made["content"][0]["citations"] == []
    assert output["provenance"] == {
        "ai_generated": True,
        "sandbox": True,
        "model": FLASH,
        "watermark": "SynthID",
        "c2pa": "absent",
    }
    assert (output["index"], output["width"], output["height"], output["tokens"]) == (0, 1024, 1024, 1120)
    assert made["usage"] == {
        "input": {"text": 2, "image": 0, "video": 0},
        "output": {"text": 32, "image": 1120},
        "thought": 0,
        "cached": 0,
        "search_queries": 0,
        "total": 1154,
    }
    assert made["charge"] == {
        "status": "charged",
        "reason": None,
        "amount": "0.067297000",
        "currency": "USD",
        "lines": [
            {"kind": "text_input", "quantity": 2, "unit": "per_1m_tokens", "unit_price": "0.50",
             "amount": "0.000001000"},
            {"kind": "text_output", "quantity": 32, "unit": "per_1m_tokens", "unit_price": "3.00",
             "amount": "0.000096000"},
            {"kind": "image_output", "quantity": 1120, "unit": "per_1m_tokens", "unit_price": "60.00",
             "amount": "0.067200000"},
        ],
    }  # fmt: skip
    assert (made["error"], made["notices"], made["previous_generation_id"]) == (None, [], None)
    data = account.get(output["url"].replace(str(account.http.base_url).rstrip("/"), "")).content
    assert (len(data), hashlib.sha256(data).hexdigest()) == (output["bytes"], output["sha256"])
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.size, Image.MIME[opened.format or ""]) == ((1024, 1024), output["mime_type"])
    assert account.get(f"/api/v1/generations/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("model", "count"),
    [(FLASH, 1), (FLASH, 14), (PRO, 14), (LITE, 14), (OLD, 3)],
)
def test_an_edit_takes_as_many_references_as_the_model(account: Account, model: str, count: int) -> None:
    references = [image(picture(40 + index, 40)) for index in range(count)]
    made = account.make(model=model, input=[text("Put them together"), *references], response_format=None)
    per_picture = {FLASH: 258, PRO: 560, LITE: 1120, OLD: 258}[model]
    assert made["usage"]["input"]["image"] == count * per_picture
    blocks = made["request"]["input"]
    assert blocks[0] == text("Put them together")
    assert all(block["file_id"].startswith("file_") and "data" not in block for block in blocks[1:])
    for block, reference in zip(blocks[1:], range(count), strict=True):
        kept = account.get(f"/api/v1/files/{block['file_id']}").json()
        assert (kept["source"], kept["width"], kept["height"]) == ("inline", 40 + reference, 40)


def test_references_by_file_by_output_and_by_our_own_address(account: Account) -> None:
    made = account.make()
    output, file = made["outputs"][0], account.file(picture(80, 45))
    before = account.trace
    blocks = [
        text("Mix"),
        {"type": "image", "file_id": file["id"]},
        {"type": "image", "output_id": output["id"]},
        {"type": "image", "uri": output["url"]},
    ]
    mixed = account.make(input=blocks)
    assert mixed["request"]["input"] == blocks
    assert mixed["usage"]["input"]["image"] == 3 * 258
    # nothing is copied: what was there is referred to
    assert account.trace.files == before.files


def test_roles_are_ours_and_never_sent_up(account: Account) -> None:
    references = [image(role="object"), image(role="character"), image()]
    made = account.make(model=PRO, input=[text(), *references], response_format=None)
    assert [block.get("role") for block in made["request"]["input"]] == [None, "object", "character", None]


@pytest.mark.parametrize(
    ("size", "expected"), [("512", (512, 512)), ("1K", (1024, 1024)), ("2K", (2048, 2048)), ("4K", (4096, 4096))]
)
def test_every_size(account: Account, size: str, expected: tuple[int, int]) -> None:
    made = account.make(response_format={"type": "image", "image_size": size})
    assert sizes(made) == [expected]
    assert kinds(made["content"]) == ["image"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([], (1024, 1024)),
        ([(160, 90)], (1376, 768)),
        ([(90, 160)], (768, 1376)),
        ([(160, 90), (90, 160)], (768, 1376)),  # the last one counts
        ([(50, 400)], (384, 3072)),  # 1:8
        ([(100, 101)], (1024, 1024)),
    ],
)
def test_the_default_ratio_is_the_last_pictures(
    account: Account, inputs: list[tuple[int, int]], expected: tuple[int, int]
) -> None:
    blocks = [text(), *(image(picture(*size)) for size in inputs)]
    assert sizes(account.make(input=blocks, response_format={"type": "image"})) == [expected]


def test_the_default_ratio_is_the_turn_befores_when_no_picture_is_given(account: Account) -> None:
    wide = account.make(response_format={"type": "image", "aspect_ratio": "16:9", "image_size": "512"})
    assert sizes(wide) == [(688, 384)]
    again = account.make(
        previous_generation_id=wide["id"], input="in blue", response_format={"type": "image", "image_size": "512"}
    )
    assert sizes(again) == [(688, 384)]
    fresh = account.make(
        previous_generation_id=again["id"],
        input=[text("with this"), image(picture(90, 160))],
        response_format={"type": "image", "image_size": "512"},
    )
    assert sizes(fresh) == [(384, 688)]


def test_thoughts_stand_apart_from_the_outputs_and_their_pictures_cost_nothing(account: Account) -> None:
    made = account.make(generation_config={"thinking_level": "high", "thinking_summaries": "auto"})
    assert kinds(made["thoughts"]) == ["text", "image"]
    assert made["thoughts"][0]["text"].startswith("**Composing the picture**")
    assert kinds(made["content"]) == ["image"]
    assert len(made["outputs"]) == 1
    assert made["usage"]["thought"] == 600
    assert made["usage"]["output"]["image"] == made["outputs"][0]["tokens"] == 747
    lines = {line["kind"]: line for line in made["charge"]["lines"]}
    assert lines["thought_output"]["quantity"] == 600
    thought = account.http.get(made["thoughts"][1]["url"])
    assert (thought.status_code, thought.headers["content-type"]) == (200, "image/png")
    listed = account.get("/api/v1/outputs").json()["data"]
    assert [output["id"] for output in listed] == [made["outputs"][0]["id"]]


def test_no_thought_tokens_at_minimal(account: Account) -> None:
    made = account.make(generation_config={"thinking_level": "minimal"})
    assert (made["thoughts"], made["usage"]["thought"]) == ([], 0)


def test_text_and_pictures_in_turn_keep_their_order(account: Account) -> None:
    made = account.make(model=PRO, input="A story [[images:3]]", response_format=None)
    assert kinds(made["content"]) == ["text", "image"] * 3
    assert [output["index"] for output in made["outputs"]] == [0, 1, 2]
    assert [block["output_id"] for block in made["content"][1::2]] == [output["id"] for output in made["outputs"]]
    assert [output["tokens"] for output in made["outputs"]] == [1120] * 3
    assert [block["text"].partition(".")[0] for block in made["content"][::2]] == [
        "Part 1 of 3", "Part 2 of 3", "Part 3 of 3"
    ]  # fmt: skip


def test_tokens_that_do_not_divide_evenly_are_shared_out_to_the_last(account: Account) -> None:
    made = account.make(model=PRO, input="A story [[images:3]] [[overrun:2]] [[extra_tokens:1]]")
    assert made["usage"]["output"] == {"text": 3 * 32 + 1, "image": 3 * 1120 + 2}
    assert [output["tokens"] for output in made["outputs"]] == [1120, 1120, 1122]
    [line] = [line for line in made["charge"]["lines"] if line["kind"] == "image_output"]
    assert line["quantity"] == sum(output["tokens"] for output in made["outputs"])


def test_text_with_the_picture_and_text_alone(account: Account) -> None:
    both = account.make(response_format=[{"type": "text"}, SMALL])
    assert kinds(both["content"]) == ["text", "image"]
    words = account.make(response_format=[{"type": "text"}])
    assert kinds(words["content"]) == ["text"]
    assert words["outputs"] == []
    assert [line["kind"] for line in words["charge"]["lines"]] == ["text_input", "text_output"]


def test_a_jpeg_is_a_jpeg(account: Account) -> None:
    [output] = account.make(response_format={**SMALL, "mime_type": "image/jpeg"})["outputs"]
    assert output["mime_type"] == "image/jpeg"
    data = account.http.get(output["url"]).content
    assert data.startswith(b"\xff\xd8\xff")
    assert hashlib.sha256(data).hexdigest() == output["sha256"]


def test_a_video_by_its_youtube_address_is_counted_by_the_upstream_and_held_at_its_limit(account: Account) -> None:
    blocks = [{"type": "video", "uri": YOUTUBE, "mime_type": "video/mp4"}, text("A poster of it")]
    quoted = account.post("/api/v1/quotes", json={"model": FLASH, "input": blocks, "response_format": SMALL}).json()
    before = account.trace
    made = account.make(input=blocks)
    assert made["usage"]["input"]["video"] == 3000
    assert Decimal(made["charge"]["amount"]) < Decimal(quoted["worst_case"]["amount"])
    assert account.trace.files == before.files  # its bytes are the upstream's business
    assert made["request"]["input"] == blocks


def movie() -> bytes:
    """The least that is an MP4: its brand, some media, an index."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", len(content) + 8, kind) + content

    return box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"x" * 500) + box(b"moov", b"y" * 100)


def test_a_video_inline_and_as_a_file(account: Account) -> None:
    data = base64.b64encode(movie()).decode()
    inline = account.make(input=[{"type": "video", "data": data, "mime_type": "video/mp4"}, text("A poster")])
    assert inline["usage"]["input"]["video"] == 300  # the sandbox goes by its size
    kept = account.get(f"/api/v1/files/{inline['request']['input'][0]['file_id']}").json()
    assert (kept["mime_type"], kept["width"], kept["bytes"]) == ("video/mp4", None, len(movie()))
    file = account.upload(movie(), "video/mp4", "film.mp4").json()
    by_file = account.make(input=[{"type": "video", "file_id": file["id"]}, text("A poster")])
    assert by_file["usage"]["input"]["video"] == 300


def test_content_credentials_are_found_in_the_bytes(account: Account) -> None:
    [output] = account.make(input="a cat [[c2pa]]")["outputs"]
    assert output["provenance"]["c2pa"] == "present"
    data = account.http.get(output["url"]).content
    assert b"c2pa" in data
    assert hashlib.sha256(data).hexdigest() == output["sha256"]


@pytest.mark.parametrize("word", ["[[gzip]]", "[[escapes]]", "[[gzip]] [[escapes]]", "[[bytes:3000000]]"])
def test_whatever_way_the_answer_travels_the_bytes_are_the_same(account: Account, word: str) -> None:
    [output] = account.make(input=f"a cat {word}")["outputs"]
    data = account.http.get(output["url"]).content
    assert (len(data), hashlib.sha256(data).hexdigest()) == (output["bytes"], output["sha256"])


def test_a_deprecated_model_works_and_says_what_to_use(account: Account) -> None:
    made = account.make(model=OLD, response_format=None)
    [notice] = made["notices"]
    assert (notice["code"], notice["use"]) == ("model_deprecated", LITE)


@pytest.mark.parametrize(
    "value",
    [
        "日本語 🎨 عربى \u202e \u200b e\u0301",
        "x" * 20_000,
        '"quotes" \\ back \\u0041 \n\r\t </script> {{ }} %s $1',
        "\U0010ffff \ufffe \ufeff \x7f",
    ],
)
def test_any_text_comes_back_as_it_was_sent(account: Account, value: str) -> None:
    made = account.make(input=value, metadata={"näme/~": value[:512]})
    assert made["request"]["input"] == value
    assert made["metadata"] == {"näme/~": value[:512]}


def test_a_system_instruction_counts_as_input(account: Account) -> None:
    made = account.make(input="abcd", system_instruction="abcdefgh")
    assert made["usage"]["input"]["text"] == 1 + 2


@pytest.mark.parametrize(
    "shape",
    [
        "a cat",
        {"type": "text", "text": "a cat"},
        [{"text": "a cat"}],
        ["a cat"],
        [{"type": "user_input", "content": [{"type": "text", "text": "a cat"}]}],
        [{"role": "user", "content": "a cat"}],
    ],
)
def test_every_shape_of_input(account: Account, shape: Any) -> None:
    assert account.make(input=shape)["usage"]["input"]["text"] == 2


def test_models_say_what_they_can_and_what_they_cost(account: Account) -> None:
    listed = account.get("/api/v1/models").json()
    assert [model["id"] for model in listed["data"]] == [model.id for model in models()]
    rows = {model["id"]: len(model["resolutions"]) for model in listed["data"]}
    assert [rows[id] for id in (FLASH, LITE, PRO, OLD)] == [56, 10, 30, 10]
    flash = account.get(f"/api/v1/models/{FLASH}").json()
    assert flash == listed["data"][0]
    assert (flash["image_sizes"], flash["thinking"]["levels"]) == (["512", "1K", "2K", "4K"], ["minimal", "high"])
    assert {line["kind"]: line["unit_price"] for line in flash["prices"]["lines"]}["image_output"] == "60.00"
    assert account.get("/api/v1/models/nano").status_code == 404
