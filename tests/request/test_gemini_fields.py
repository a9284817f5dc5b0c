"""What Gemini's interactions take without effect, and what they refuse: that would change the picture or the price."""

from __future__ import annotations

from typing import Any

import pytest

from tests.request.helpers import FLASH, errors_of, parse

WARNED = {
    "top_k": 40,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "media_resolution": "high",
    "enable_enhanced_civic_answers": True,
    "speech_config": {"language": "de"},
    "transcription_config": {"a": 1},
    "video_config": {"a": 1},
    "audio_timestamp": True,
    "thinking_budget": 0,
}
FORMAT, CONFIG = "response_format", "generation_config"


@pytest.mark.parametrize("name", WARNED)
def test_settings_without_effect_are_taken_and_named(name: str) -> None:
    parsed = parse("interactions", generation_config={name: WARNED[name]})
    assert parsed.ignored == (f"{CONFIG}.{name}",)
    assert parsed.document[CONFIG] == {}


@pytest.mark.parametrize(
    "body",
    [
        {"generation_config": {"candidate_count": 1, "thinking_budget": -1, "tool_choice": "none", "top_k": None}},
        {"service_tier": "standard", "agent": None, "webhook_config": None, "unknown": None},
        {"service_tier": "SERVICE_TIER_UNSPECIFIED"},
        {"input": [{"type": "model_output", "content": [{"type": "text", "text": "a", "x": 1}], "y": 2}, "b"]},
    ],
)
def test_what_says_nothing_is_taken_without_a_word(body: dict[str, Any]) -> None:
    assert parse("interactions", **body).ignored == ()


@pytest.mark.parametrize(
    ("body", "pointer", "hint"),
    [
        ({"aspect_ratio": "16:9"}, "/aspect_ratio", "did you mean response_format.aspect_ratio?"),
        ({"aspectRatio": "16:9"}, "/aspectRatio", "did you mean response_format.aspect_ratio?"),
        ({"image_config": {}}, "/image_config", "did you mean response_format?"),
        ({"responseFormat": {"type": "image"}}, "/responseFormat", "did you mean response_format?"),
        ({"generationConfig": {}}, "/generationConfig", "did you mean generation_config?"),
        ({"previousInteractionId": "x"}, "/previousInteractionId", "did you mean previous_interaction_id?"),
        ({"n": 2}, "/n", "did you mean max_images?"),
        ({"numberOfImages": 2}, "/numberOfImages", "did you mean max_images?"),
        ({"config": {}}, "/config", "did you mean generation_config?"),
        ({CONFIG: {"topK": 40}}, f"/{CONFIG}/topK", "did you mean top_k?"),
        ({"model": "nano"}, "/model", "of /v1/models."),
        ({"service_tier": "flex"}, "/service_tier", "one tier"),
        ({"service_tier": "priority"}, "/service_tier", "one tier"),
        ({"service_tier": "bogus"}, "/service_tier", "one tier"),
        ({"agent_config": {"type": "x"}}, "/agent_config", "name a model"),
        ({FORMAT: {"type": "image", "quality": "hd"}}, f"/{FORMAT}/quality", "is not a field here"),
        ({FORMAT: [{"type": "image", "n": 2}]}, f"/{FORMAT}/0/n", "is not a field here"),
        ({FORMAT: {"type": "text", "foo": 1}}, f"/{FORMAT}/foo", "is not a field here"),
        ({CONFIG: {"candidate_count": 4}}, f"/{CONFIG}/candidate_count", "send several jobs"),
        ({CONFIG: {"candidate_count": True}}, f"/{CONFIG}/candidate_count", "send several jobs"),
        ({CONFIG: {"thinking_budget": False}}, f"/{CONFIG}/thinking_budget", "generation_config.thinking_level?"),
        ({CONFIG: {"aspect_ratio": "16:9"}}, f"/{CONFIG}/aspect_ratio", "did you mean response_format.aspect_ratio?"),
        ({CONFIG: {"imageSize": "2K"}}, f"/{CONFIG}/imageSize", "did you mean response_format.image_size?"),
        ({CONFIG: {"thinkingLevel": "high"}}, f"/{CONFIG}/thinkingLevel", "did you mean thinking_level?"),
        ({CONFIG: {"thinking_budget": 900}}, f"/{CONFIG}/thinking_budget", "generation_config.thinking_level?"),
        ({CONFIG: {"tool_choice": "any"}}, f"/{CONFIG}/tool_choice", "decide themselves"),
        (
            {CONFIG: {"image_config": {"person_generation": "ALLOW_ALL"}}},
            f"/{CONFIG}/image_config/person_generation",
            "no such setting",
        ),
        (
            {CONFIG: {"image_config": {"aspect_ratio": "1:1"}}, FORMAT: {"type": "image", "aspect_ratio": "16:9"}},
            f"/{CONFIG}/image_config/aspect_ratio",
            "name it once",
        ),
        (
            {FORMAT: {"type": "image", "aspect_ratio": "1:1", "aspectRatio": "16:9"}},
            f"/{FORMAT}/aspectRatio",
            "name it once",
        ),
        ({"tools": [{"type": "google_search", "days": 3}]}, "/tools/0/days", "is not a field here"),
        (
            {"safety_settings": [{"type": "jailbreak", "threshold": "off", "level": 1}]},
            "/safety_settings/0/level",
            "is not a field here",
        ),
        ({"webhook_config": {"url": "https://a"}}, "/webhook_config/url", "known are uris and user_metadata"),
        ({"input": {"type": "text", "text": "a", "size": 1}}, "/input/size", "is not a field here"),
        (
            {
                "input": [
                    {
                        "type": "user_input",
                        "content": [{"type": "video", "uri": "https://youtu.be/abcdefghijk", "fps": 2}],
                    }
                ]
            },
            "/input/0/content/0/fps",
            "is not a field here",
        ),
    ],
)
def test_what_would_make_another_picture_or_price_is_refused(body: dict[str, Any], pointer: str, hint: str) -> None:
    [error] = errors_of({"model": FLASH, "input": "a", **body}, dialect="interactions")
    assert error.pointer == pointer
    assert hint in error.detail


def test_addresses_instead_of_bytes() -> None:
    assert parse("interactions", response_format={"type": "image", "delivery": "uri"}).response.by_uri
    assert not parse("interactions", response_format={"type": "image", "delivery": "inline"}).response.by_uri


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [(None, "image"), ("image/jpeg", "image"), ("application/octet-stream", "image"), ("video/mp4", "video")],
)
def test_a_document_that_is_a_picture_is_one(mime_type: str | None, kind: str) -> None:
    """Google's notebook on files sends an uploaded photo as a document."""
    block = {"type": "document", "uri": "files/0123456789abcdef0123456789abcdef", "mime_type": mime_type}
    parsed = parse("interactions", input=[block, {"type": "text", "text": "a hat"}])
    assert [(media.kind, media.source) for media in parsed.media()] == [(kind, "file_id")]
    for other in ("application/pdf", "text/plain"):
        errors = errors_of({"model": FLASH, "input": [{**block, "mime_type": other}]}, "interactions")
        assert [(error.pointer, error.code) for error in errors] == [("/input/0/type", "not_supported")]
    assert errors_of({"model": FLASH, "input": [block]})[0].code == "not_supported"
