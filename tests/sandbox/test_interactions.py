from __future__ import annotations

from typing import Any

import httpx
import pytest

from cavendish.gemini.catalog import get_model, models, text_tokens
from tests.sandbox.conftest import MODEL, Create, Server
from tests.sandbox.helpers import blocks, decoded, kinds, modalities, picture_bytes, pixels, png

IMAGE = {"type": "image"}
CAT = "A cat in a hat"
GUIDE_PROMPT = "Write the story of the lifecycle of a monarch butterfly, interleave illustrations"


def test_text_and_picture_come_without_a_format(create: Create) -> None:
    interaction = create(CAT)
    assert kinds(interaction) == ["text", "image"]
    assert [len(block["text"]) for block in blocks(interaction) if block["type"] == "text"] == [128]
    assert decoded(picture_bytes(interaction)).format == "PNG"
    assert pixels(interaction) == (1024, 1024)
    assert {name: interaction[name] for name in ("object", "status", "model", "role")} == {
        "object": "interaction",
        "status": "completed",
        "model": MODEL,
        "role": "model",
    }
    assert interaction["usage"] == {
        "total_tokens": text_tokens(CAT) + 1152,
        "total_input_tokens": text_tokens(CAT),
        "input_tokens_by_modality": [{"modality": "text", "tokens": text_tokens(CAT)}],
        "total_cached_tokens": 0,
        "cached_tokens_by_modality": [],
        "total_output_tokens": 1152,
        "output_tokens_by_modality": [{"modality": "image", "tokens": 1120}, {"modality": "text", "tokens": 32}],
        "total_tool_use_tokens": 0,
        "tool_use_tokens_by_modality": [],
        "total_thought_tokens": 0,
    }


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [
        (IMAGE, ["image"]),
        ([IMAGE], ["image"]),
        ({"type": "text"}, ["text"]),
        ([{"type": "text"}, IMAGE], ["text", "image"]),
        ([IMAGE, {"type": "text"}], ["text", "image"]),
    ],
)
def test_the_format_decides_what_comes(create: Create, response_format: Any, expected: list[str]) -> None:
    interaction = create(CAT, response_format=response_format)
    assert kinds(interaction) == expected
    tokens = {"image": 1120, "text": 32}
    assert modalities(interaction, "output") == {kind: tokens[kind] for kind in expected}


@pytest.mark.parametrize("modality", [["IMAGE"], ["image"]])
def test_the_older_field_for_modalities_counts(create: Create, modality: list[str]) -> None:
    assert kinds(create(CAT, response_modalities=modality)) == ["image"]


@pytest.mark.parametrize("mime_type", ["image/png", "image/jpeg"])
@pytest.mark.parametrize("spelling", ["snake", "camel"])
def test_size_ratio_and_type_are_as_asked(create: Create, mime_type: str, spelling: str) -> None:
    fields = {"aspect_ratio": "16:9", "image_size": "2K", "mime_type": mime_type}
    if spelling == "camel":
        fields = {"aspectRatio": "16:9", "imageSize": "2K", "mimeType": mime_type}
    interaction = create(CAT, response_format={**IMAGE, **fields})
    assert blocks(interaction)[0]["mime_type"] == mime_type
    image = decoded(picture_bytes(interaction))
    assert (image.size, f"image/{str(image.format).lower()}") == ((2752, 1536), mime_type)


@pytest.mark.parametrize("model", [model.id for model in models()])
def test_each_model_reports_its_own_tokens(create: Create, model: str) -> None:
    interaction = create(CAT, model=model, response_format={**IMAGE, "aspect_ratio": "3:2"})
    row = get_model(model).resolution("3:2", "1K")
    assert pixels(interaction) == (row.width, row.height)
    assert interaction["usage"]["total_output_tokens"] == row.tokens
    model_thinks = get_model(model)
    expected = model_thinks.thought_typical[model_thinks.thought_key()]
    assert interaction["usage"]["total_thought_tokens"] == expected
    assert [step["type"] for step in interaction["steps"]] == ["thought"] * bool(expected) + ["model_output"]


@pytest.mark.parametrize(
    ("model", "level", "tokens", "pictures"),
    [
        ("gemini-3-pro-image", None, range(700, 901), 2),
        ("gemini-3.1-flash-lite-image", None, range(1, 500), 1),
        ("gemini-3.1-flash-lite-image", "minimal", range(1), 0),
        ("gemini-3.1-flash-lite-image", "high", range(200, 833), 1),
        ("gemini-nano-banana-2.1", None, range(1, 4096), 1),
    ],
)
def test_models_think_without_being_told(
    create: Create, model: str, level: str | None, tokens: range, pictures: int
) -> None:
    interaction = create(CAT, model=model, generation_config={"thinking_level": level} if level else {})
    assert interaction["usage"]["total_thought_tokens"] in tokens
    summary = [block["type"] for step in interaction["steps"] if step["type"] == "thought" for block in step["summary"]]
    assert summary == ["text"] * bool(pictures) + ["image"] * pictures
    sketches = {block["data"] for step in interaction["steps"] for block in step.get("summary", ()) if "data" in block}
    assert len(sketches) == pictures


@pytest.mark.parametrize(
    ("model", "prompt", "response_format", "expected"),
    [
        ("gemini-3-pro-image", GUIDE_PROMPT, None, ["text", "image"] * 3),
        ("gemini-3-pro-image", "帝王蝶的一生，图文并茂", None, ["text", "image"] * 3),
        ("gemini-3-pro-image", GUIDE_PROMPT, IMAGE, ["image"]),
        ("gemini-3-pro-image", f"{GUIDE_PROMPT} [[images:1]]", None, ["text", "image"]),
        (MODEL, GUIDE_PROMPT, None, ["text", "image"]),
    ],
)
def test_a_prompt_like_the_guides_is_answered_in_turn(
    create: Create, model: str, prompt: str, response_format: Any, expected: list[str]
) -> None:
    formats = {"response_format": response_format} if response_format else {}
    assert kinds(create(prompt, model=model, **formats)) == expected


def test_different_prompts_draw_different_pictures_and_the_same_prompt_the_same(create: Create) -> None:
    first, again, other = create("a pear"), create("a pear"), create("a plum")
    assert first["id"] != again["id"]
    assert picture_bytes(first) == picture_bytes(again)
    assert picture_bytes(first) != picture_bytes(other)


@pytest.mark.parametrize(
    "shape",
    [
        CAT,
        {"type": "text", "text": CAT},
        [{"type": "text", "text": CAT}],
        [{"text": CAT}],
        [CAT],
        [{"type": "user_input", "content": [{"type": "text", "text": CAT}]}],
        [{"type": "user_input", "content": CAT}],
        [{"role": "user", "content": CAT}],
        [{"role": "user", "content": [{"type": "text", "text": CAT}]}],
        [{"type": "UNKNOWN", "raw": {"type": "text", "text": CAT}, "is_unknown": True}],
    ],
)
def test_every_shape_of_input_is_taken(create: Create, api: httpx.Client, shape: Any) -> None:
    interaction = create(shape)
    assert modalities(interaction, "input") == {"text": text_tokens(CAT)}
    stored = api.get(f"/v1/interactions/{interaction['id']}").json()
    assert stored["steps"][0] == {"type": "user_input", "content": [{"type": "text", "text": CAT}]}


def test_pictures_and_all_texts_count_as_input(create: Create) -> None:
    picture = {"type": "image", "mime_type": "image/png", "data": png(300, 200)}
    interaction = create([picture, {"type": "text", "text": "abcde"}, picture], system_instruction="fghi")
    assert modalities(interaction, "input") == {"text": 2 + 1, "image": 2 * 258}


def test_a_video_counts_ten_seconds_by_url_and_a_second_per_million_bytes_inline(create: Create) -> None:
    link = {"type": "video", "uri": "https://www.youtube.com/watch?v=UTdfxFyOQTI", "mime_type": "video/mp4"}
    inline = {"type": "video", "mime_type": "video/mp4", "data": "AAAA" * 375_000}
    rate = get_model(MODEL).tokens_per_video_second
    assert modalities(create([link, {"type": "text", "text": "x"}]), "input") == {"text": 1, "video": 10 * rate}
    assert modalities(create([inline, {"type": "text", "text": "x"}]), "input") == {"text": 1, "video": 2 * rate}


def test_the_ratio_follows_the_last_picture_then_the_last_turn(create: Create) -> None:
    wide = {"type": "image", "mime_type": "image/png", "data": png(1600, 900)}
    tall = {"type": "image", "mime_type": "image/png", "data": png(300, 450)}
    first = create([wide, tall, {"type": "text", "text": "merge"}])
    assert pixels(first) == (848, 1264)
    second = create("darker", previous_interaction_id=first["id"])
    assert pixels(second) == (848, 1264)
    assert pixels(create([wide], previous_interaction_id=second["id"])) == (1376, 768)
    user_input = create([wide], response_format={**IMAGE, "aspect_ratio": "1:1"})
    assert pixels(user_input) == (1024, 1024)


def test_history_behind_a_previous_interaction_is_not_counted_again(create: Create) -> None:
    first = create("a" * 400)
    assert modalities(create("b" * 40, previous_interaction_id=first["id"]), "input") == {"text": 10}


def test_thinking_high_brings_text_an_interim_picture_and_tokens(create: Create) -> None:
    interaction = create(CAT, generation_config={"thinking_level": "high"}, response_format=IMAGE)
    thought, output = interaction["steps"]
    assert thought["type"] == "thought"
    assert [content["type"] for content in thought["summary"]] == ["text", "image"]
    assert thought["signature"]
    assert interaction["usage"]["total_thought_tokens"] == get_model(MODEL).thought_typical["high"]
    assert interaction["usage"]["total_tokens"] == text_tokens(CAT) + 1120 + get_model(MODEL).thought_typical["high"]
    assert output["content"][-1]["data"] != thought["summary"][1]["data"]
    quiet = create(CAT, generation_config={"thinking_level": "high", "thinking_summaries": "none"})
    assert "summary" not in quiet["steps"][0]
    minimal = create(CAT, generation_config={"thinking_level": "minimal"})
    assert [step["type"] for step in minimal["steps"]] == ["model_output"]


@pytest.mark.parametrize(
    ("tool", "search_types"),
    [
        ({"type": "google_search"}, ["web_search"]),
        ({"type": "google_search", "search_types": ["image_search"]}, ["image_search"]),
        ({"type": "google_search", "search_types": ["image_search", "web_search"]}, ["web_search", "image_search"]),
    ],
)
def test_grounding_brings_calls_suggestions_and_citations(create: Create, tool: Any, search_types: list[str]) -> None:
    interaction = create(CAT, tools=[tool], response_format=IMAGE)
    steps = interaction["steps"]
    assert [step["type"] for step in steps] == ["google_search_call", "google_search_result"] * len(search_types) + [
        "model_output"
    ]
    assert [step["search_type"] for step in steps if step["type"] == "google_search_call"] == search_types
    for call, result in zip(steps[:-1:2], steps[1:-1:2], strict=True):
        assert result["call_id"] == call["id"]
        assert len(call["arguments"]["queries"]) == 1
        assert call["arguments"]["queries"][0] in result["result"][0]["search_suggestions"]
    text, picture = blocks(interaction)
    assert picture["type"] == "image"
    sentences = {
        "web_search": "The web agrees on the café 🌍.",
        "image_search": "Pictures – naïve ones 🎨 – agree.",
    }
    cited = [text["text"].encode()[note["start_index"] : note["end_index"]].decode() for note in text["annotations"]]
    assert cited == [sentences[kind] for kind in search_types]
    assert interaction["usage"]["grounding_tool_count"] == [{"type": "google_search", "count": len(search_types)}]
    assert modalities(interaction, "output") == {"image": 1120, "text": 32}


def test_texts_and_pictures_come_in_turn(create: Create) -> None:
    interaction = create(f"{CAT} [[images:3]]", model="gemini-3-pro-image")
    assert kinds(interaction) == ["text", "image"] * 3
    assert len({block.get("data") for block in blocks(interaction) if block["type"] == "image"}) == 3
    assert modalities(interaction, "output") == {"image": 3360, "text": 96}
    assert kinds(create(f"{CAT} [[images:3]]", response_format=IMAGE)) == ["image"] * 3


def test_an_answer_never_exceeds_max_output_tokens(create: Create) -> None:
    interaction = create(f"{CAT} [[images:3]]", generation_config={"max_output_tokens": 2400}, response_format=IMAGE)
    assert (interaction["status"], kinds(interaction)) == ("incomplete", ["image", "image"])
    assert interaction["usage"]["total_output_tokens"] == 2240


def test_get_shows_what_create_answered_with_the_input_before_it(create: Create, api: httpx.Client) -> None:
    picture = {"type": "image", "mime_type": "image/png", "data": png(64, 64)}
    text = {"type": "text", "text": CAT}
    interaction = create([text, picture], labels={"team": "x"}, generation_config={"seed": 5})
    stored = api.get(f"/v1/interactions/{interaction['id']}", params={"stream": "false"}).json()
    user_input = {"type": "user_input", "content": [text, picture]}
    assert stored == {**interaction, "steps": [user_input, *interaction["steps"]]}
    assert stored["labels"] == {"team": "x"}
    with_input = api.get(f"/v1/interactions/{interaction['id']}", params={"include_input": "true"}).json()
    assert with_input["input"] == [user_input]


def test_deleted_unstored_and_foreign_interactions_are_not_found(
    create: Create, api: httpx.Client, server: Server
) -> None:
    interaction, unstored = create(CAT), create(CAT, store=False)
    assert server.client("key-two").get(f"/v1/interactions/{interaction['id']}").status_code == 404
    deleted = api.delete(f"/v1/interactions/{interaction['id']}")
    assert (deleted.status_code, deleted.json()) == (200, {})
    for gone in (interaction, unstored):
        answer = api.get(f"/v1/interactions/{gone['id']}")
        message = f"Interaction '{gone['id']}' not found."
        assert (answer.status_code, answer.json()) == (404, {"error": {"message": message, "code": "not_found"}})


def test_background_answers_at_once_and_ends_later(create: Create, api: httpx.Client) -> None:
    interaction = create(f"{CAT} [[latency:0.4]]", background=True)
    assert (interaction["status"], interaction["steps"]) == ("in_progress", [])
    assert api.get(f"/v1/interactions/{interaction['id']}").json()["status"] == "in_progress"
    too_early = {"model": MODEL, "input": "x", "previous_interaction_id": interaction["id"]}
    assert api.post("/v1/interactions", json=too_early).status_code == 400
    followed = api.get(f"/v1/interactions/{interaction['id']}", params={"stream": "true"})
    assert followed.text.endswith("event: done\ndata: [DONE]\n\n")
    ended = api.get(f"/v1/interactions/{interaction['id']}").json()
    assert (ended["status"], pixels(ended)) == ("completed", (1024, 1024))


def test_cancel_ends_what_runs_and_nothing_else(create: Create, api: httpx.Client) -> None:
    running, done = create(f"{CAT} [[hang]]", background=True), create(CAT)
    cancelled = api.post(f"/v1/interactions/{running['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert api.post(f"/v1/interactions/{running['id']}/cancel").status_code == 200
    stored = api.get(f"/v1/interactions/{running['id']}").json()
    assert stored["status"] == "cancelled"
    assert "usage" not in stored
    assert api.post(f"/v1/interactions/{done['id']}/cancel").status_code == 400


def test_replayed_steps_are_taken_and_a_changed_signature_is_not(create: Create, api: httpx.Client) -> None:
    tools = [{"type": "google_search"}]
    interaction = create(CAT, generation_config={"thinking_level": "high"}, tools=tools)
    question = {"type": "user_input", "content": [{"type": "text", "text": "bluer"}]}
    again = create([{"type": "user_input", "content": CAT}, *interaction["steps"], question])
    assert modalities(again, "input")["image"] == 258
    spoilt = {**interaction["steps"][0], "signature": "c3BvaWx0"}
    answer = api.post("/v1/interactions", json={"model": MODEL, "input": [spoilt, question]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
