"""Bodies into the schema of an interaction, and errors back to where they stood."""

from __future__ import annotations

import base64
import copy
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.catalog import get_model
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import Problem
from generations.compat.gemini.content.translation import Translation
from generations.request import request_parse
from tests.api.accounts import FLASH, LITE, OLD, PRO

DATA = Spilled(path=Path("x"), size=1, sha256="", c2pa_hint=False)
CAMEL = {
    "contents": [
        {"parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": DATA}}]},
        {"role": "model", "parts": [{"thought": True, "text": "hm"}, {"text": "b", "thoughtSignature": "QUI="}]},
        {"role": "user", "parts": [{"fileData": {"fileUri": "https://youtu.be/abcdefghijk"}}]},
    ],
    "systemInstruction": {"parts": [{"text": "c"}, {"text": "d"}]},
    "generationConfig": {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        "thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True},
        "maxOutputTokens": 9000,
        "topP": 0.5,
        "stopSequences": ["e"],
    },
    "tools": [{"googleSearch": {"searchTypes": {"webSearch": {}, "imageSearch": {}}}}],
    "safetySettings": [{"category": "HARM_CATEGORY_IMAGE_HATE", "threshold": "BLOCK_NONE"}],
}
TREE = {
    "model": FLASH,
    "input": [
        {
            "type": "user_input",
            "content": [{"type": "text", "text": "a"}, {"type": "image", "data": DATA, "mime_type": "image/png"}],
        },
        {"type": "thought", "signature": "QUI=", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "b"}]},
        {"type": "user_input", "content": [{"type": "video", "uri": "https://youtu.be/abcdefghijk"}]},
    ],
    "system_instruction": "c\nd",
    "response_modalities": ["TEXT", "IMAGE"],
    "generation_config": {
        "image_config": {"aspect_ratio": "16:9", "image_size": "2K"},
        "thinking_level": "high",
        "thinking_summaries": "auto",
        "max_output_tokens": 9000,
        "top_p": 0.5,
        "stop_sequences": ["e"],
    },
    "tools": [{"type": "google_search", "search_types": ["web_search", "image_search"]}],
    "safety_settings": [{"type": "image_hate", "threshold": "block_none"}],
}


def snake(value: Any) -> Any:
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(v) for name, v in value.items()}


def translated(body: dict[str, Any], model: str = FLASH) -> dict[str, Any]:
    return Translation(get_model(model))(body)


def errors(body: dict[str, Any], model: str = FLASH) -> list[tuple[str, str]]:
    """Pointers and codes of what is wrong, in the body's own names."""
    translation = Translation(get_model(model))
    with pytest.raises(Problem) as raised:
        request_parse(translation(body), dialect="interactions")
    problem = translation.placed(raised.value)
    assert problem.status == 422
    return [(error.pointer, error.code) for error in problem.errors]


def prompt(**fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": "x"}]}], **fields}


def config(**fields: Any) -> dict[str, Any]:
    return prompt(generationConfig=fields)


def part(**fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": "x"}, fields]}]}


def test_both_spellings_say_the_same() -> None:
    assert translated(CAMEL) == translated(snake(CAMEL)) == TREE
    request_parse(translated(CAMEL), dialect="interactions")


def test_of_two_spellings_the_first_that_says_something_counts() -> None:
    body = config(imageConfig={"aspectRatio": None, "aspect_ratio": "1:1", "imageSize": "1K", "image_size": "4K"})
    assert translated(body)["generation_config"] == {"image_config": {"aspect_ratio": "1:1", "image_size": "1K"}}


def test_one_thing_may_stand_where_google_has_a_list_and_a_string_where_it_has_a_number() -> None:
    """As protocol buffers are read from JSON."""
    alone: dict[str, Any] = copy.deepcopy(CAMEL)
    alone |= {name: alone[name][0] for name in ("tools", "safetySettings")}
    settings = alone["generationConfig"]
    settings |= {"stopSequences": "e", "maxOutputTokens": "9000", "topP": "0.5", "candidateCount": "1"}
    assert translated(alone) == TREE
    assert translated(config(responseModalities="TEXT"))["response_modalities"] == ["TEXT"]
    assert errors(config(temperature="warm")) == [("/generationConfig/temperature", "wrong_type")]
    assert errors(prompt(tools="googleSearch")) == [("/tools/0", "wrong_type")]


def test_turns_may_come_alone_and_without_a_role() -> None:
    alone = {"contents": {"parts": {"text": "x"}}, "system_instruction": "y"}
    assert translated(alone) == {
        "model": FLASH,
        "input": [{"type": "user_input", "content": [{"type": "text", "text": "x"}]}],
        "system_instruction": "y",
    }


def test_chunks_of_a_streamed_answer_are_one_turn_again() -> None:
    thought = {"role": "model", "parts": [{"thought": True, "text": "hm"}]}
    first = {"role": "model", "parts": [{"text": "a", "thoughtSignature": "QUI="}]}
    second = {"role": "model", "parts": [{"inlineData": {"mimeType": "image/png", "data": DATA}}]}
    user = {"parts": [{"text": "x"}]}
    steps = translated({"contents": [user, thought, first, second, user]})["input"]
    assert [step["type"] for step in steps] == ["user_input", "thought", "model_output", "user_input"]
    assert steps[1] == {"type": "thought", "signature": "QUI=", "summary": [{"type": "text", "text": "hm"}]}
    assert [block["type"] for block in steps[2]["content"]] == ["text", "image"]


def test_interim_pictures_of_thoughts_are_not_sent_again() -> None:
    picture = {"thought": True, "inlineData": {"mimeType": "image/png", "data": DATA}}
    unsigned = {"role": "model", "parts": [{"thought": True, "text": "hm"}, picture, {"text": "a"}, {"text": ""}]}
    user = {"parts": [{"text": "x"}]}
    steps = translated({"contents": [user, unsigned, user]})["input"]
    assert steps[1:3] == [
        {"type": "thought", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "a"}]},
    ]


def test_what_changes_nothing_is_no_error() -> None:
    body = config(
        candidateCount=1, topK=0, presencePenalty=0, responseMimeType="text/plain", responseLogprobs=False,
        mediaResolution="MEDIA_RESOLUTION_UNSPECIFIED", thinkingConfig={"thinkingBudget": -1}, speechConfig=None,
    )  # fmt: skip
    body |= {"toolConfig": {}, "cachedContent": "", "tools": [{"functionDeclarations": []}], "model": f"models/{FLASH}"}
    body["safetySettings"] = [{"category": "HARM_CATEGORY_UNSPECIFIED", "threshold": "OFF"}]
    assert translated(body) == {**translated(prompt()), "generation_config": {}}
    assert translated(config(thinkingConfig={"thinkingBudget": 0, "includeThoughts": True}), OLD)["input"]


def test_what_has_no_effect_is_named() -> None:
    body = config(
        topK=40, presencePenalty=0.5, frequencyPenalty=0.5, mediaResolution="MEDIA_RESOLUTION_HIGH",
        enableEnhancedCivicAnswers=True, speechConfig={"languageCode": "de"}, thinkingConfig={"thinkingBudget": 0},
    )  # fmt: skip
    translation = Translation(get_model(FLASH))
    assert translation(body) == {**translated(prompt()), "generation_config": {}}
    names = [*body["generationConfig"]][:-1]
    assert sorted(translation.ignored) == sorted(
        [*(f"generationConfig.{name}" for name in names), "generationConfig.thinkingConfig.thinkingBudget"]
    )


@pytest.mark.parametrize(
    "said",
    [
        {"image": {"aspectRatio": "16:9", "imageSize": "2K", "mimeType": "image/jpeg", "delivery": "URI"}},
        [
            {"text": {"mimeType": "text/plain"}},
            {
                "image": {
                    "aspect_ratio": "ASPECT_RATIO_SIXTEEN_BY_NINE",
                    "image_size": "IMAGE_SIZE_TWO_K",
                    "mime_type": "image/jpeg",
                    "delivery": "uri",
                }
            },
        ],
    ],
)
def test_formats_of_the_newest_sdk(said: Any) -> None:
    parsed = request_parse(translated(config(responseFormat=said)), dialect="interactions").response
    shape = (parsed.aspect_ratio, parsed.image_size, parsed.mime_type, parsed.by_uri)
    assert shape == ("16:9", "2K", "image/jpeg", True)
    assert parsed.wants_text is isinstance(said, list)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (prompt(aspectRatio="16:9"), "aspectRatio: There is no such field; did you mean generationConfig.imageConfig."),
        (
            config(imageSize="2K"),
            "generationConfig.imageSize: There is no such field; did you mean generationConfig.im",
        ),
        (prompt(generation_configs={}), "generationConfigs: There is no such field; did you mean generationConfig?"),
        (config(thinkingLevel="HIGH"), "did you mean generationConfig.thinkingConfig.thinkingLevel?"),
    ],
)
def test_misplaced_names_are_told_where_they_belong(body: dict[str, Any], hint: str) -> None:
    translation = Translation(get_model(FLASH))
    with pytest.raises(Problem) as raised:
        translation(body)
    [error] = translation.placed(raised.value).errors
    assert hint in error.detail


@pytest.mark.parametrize("said", ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_stand_in_for_a_signature_is_none(said: str, encoded: bool) -> None:
    signature = base64.urlsafe_b64encode(said.encode()).decode() if encoded else said
    turn = {"role": "model", "parts": [{"text": "a", "thoughtSignature": signature}]}
    user = {"parts": [{"text": "x"}]}
    assert [step["type"] for step in translated({"contents": [user, turn, user]})["input"]] == [
        "user_input",
        "model_output",
        "user_input",
    ]
    thought = {"type": "thought", "signature": signature}
    steps = request_parse({"model": PRO, "input": [thought, "x"]}, dialect="interactions").steps
    assert [step.type for step in steps] == ["user_input"]


CONFIG = "/generationConfig"
FORMATS = f"{CONFIG}/responseFormat"
FORMAT = f"{FORMATS}/image"
IMAGE, THINKING = f"{CONFIG}/imageConfig", f"{CONFIG}/thinkingConfig"
SEARCH, PART, SAFETY = "/tools/0/googleSearch", "/contents/0/parts/1", "/safetySettings/0"
FILE = {"fileData": {"fileUri": "files/x"}}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/contents", "required"),
        ({"contents": []}, "/contents", "required"),
        ({"contents": "x"}, "/contents", "wrong_type"),
        ({"contents": ["x"]}, "/contents/0", "wrong_type"),
        ({"contents": [{"parts": "x"}]}, "/contents/0/parts", "wrong_type"),
        ({"contents": [{"parts": ["x"]}]}, "/contents/0/parts/0", "wrong_type"),
        ({"contents": [{"parts": []}]}, "/contents", "empty"),
        ({"contents": [{"role": "tool", "parts": [{"text": "x"}]}]}, "/contents/0/role", "unknown_value"),
        (
            {"contents": [{"parts": [{"text": "x"}]}, {"role": "model", "parts": [{"text": "y"}]}]},
            "/contents/1/parts/0",
            "conflict",
        ),
        (prompt(cachedContent="cachedContents/1"), "/cachedContent", "not_supported"),
        (prompt(serviceTier="flex"), "/serviceTier", "not_supported"),
        (prompt(model="models/other"), "/model", "conflict"),
        (prompt(prompt="x"), "/prompt", "unknown_field"),
        (prompt(store="yes"), "/store", "wrong_type"),
        (prompt(labels={"a": 1}), "/labels/a", "wrong_type"),
        (prompt(toolConfig={"functionCallingConfig": {}}), "/toolConfig", "not_supported"),
        (prompt(systemInstruction={"parts": [FILE]}), "/systemInstruction/parts/0", "not_supported"),
        (prompt(systemInstruction=3), "/systemInstruction", "wrong_type"),
        (config(candidateCount=2), f"{CONFIG}/candidateCount", "not_supported"),
        (config(candidateCount=True), f"{CONFIG}/candidateCount", "wrong_type"),
        (config(candidateCount=1.5), f"{CONFIG}/candidateCount", "not_supported"),
        (config(seed=True), f"{CONFIG}/seed", "wrong_type"),
        (config(maxOutputTokens=1.5), f"{CONFIG}/maxOutputTokens", "wrong_type"),
        (config(temperature=False), f"{CONFIG}/temperature", "wrong_type"),
        (config(thinkingConfig={"thinkingBudget": False}), f"{CONFIG}/thinkingConfig/thinkingBudget", "wrong_type"),
        (config(logprobs=2), f"{CONFIG}/logprobs", "not_supported"),
        (config(responseFormat=3), f"{CONFIG}/responseFormat", "wrong_type"),
        (config(responseFormat={"image": {"aspectRatio": "7:3"}}), f"{FORMAT}/aspectRatio", "unknown_value"),
        (config(responseFormat={"image": {"quality": "hd"}}), f"{FORMAT}/quality", "unknown_field"),
        (
            config(responseFormat=[{"text": {}}, {"image": {"imageSize": "8K"}}]),
            f"{FORMATS}/1/image/imageSize",
            "unknown_value",
        ),
        (config(responseFormat={"video": {"resolution": "360p"}}), f"{FORMATS}/video", "not_supported"),
        (
            config(responseFormat={"text": {"schema": {}, "mimeType": "APPLICATION_JSON"}}),
            f"{FORMATS}/text/mimeType",
            "not_supported",
        ),
        (
            config(responseFormat={"image": {"aspectRatio": "1:1"}}, imageConfig={"aspectRatio": "16:9"}),
            f"{IMAGE}/aspectRatio",
            "conflict",
        ),
        (
            config(imageConfig={"imageOutputOptions": {"compressionQuality": 5}}),
            f"{IMAGE}/imageOutputOptions/compressionQuality",
            "not_supported",
        ),
        (config(imageConfig={"prominentPeople": "ALLOW"}), f"{IMAGE}/prominentPeople", "not_supported"),
        (config(topP=2), f"{CONFIG}/topP", "out_of_range"),
        (config(temperature="hot"), f"{CONFIG}/temperature", "wrong_type"),
        (config(maxOutputTokens=0), f"{CONFIG}/maxOutputTokens", "out_of_range"),
        (config(stopSequences=["a"] * 6), f"{CONFIG}/stopSequences", "too_many"),
        (config(responseMimeType="application/json"), f"{CONFIG}/responseMimeType", "not_supported"),
        (config(responseSchema={"type": "OBJECT"}), f"{CONFIG}/responseSchema", "not_supported"),
        (config(responseModalities=["TEXT", "AUDIO"]), f"{CONFIG}/responseModalities/1", "not_supported"),
        (config(imageConfig={"aspectRatio": "7:3"}), f"{IMAGE}/aspectRatio", "unknown_value"),
        (config(imageConfig={"aspectRatio": 0}), f"{IMAGE}/aspectRatio", "wrong_type"),
        (config(imageConfig={"imageSize": "1k"}), f"{IMAGE}/imageSize", "unknown_value"),
        (config(imageConfig={"imageSize": []}), f"{IMAGE}/imageSize", "wrong_type"),
        (config(responseModalities={}), f"{CONFIG}/responseModalities", "wrong_type"),
        (config(responseFormat={"image": {"imageSize": {}}}), f"{CONFIG}/responseFormat/image/imageSize", "wrong_type"),
        (config(imageConfig={"outputMimeType": "image/webp"}), f"{IMAGE}/outputMimeType", "not_supported"),
        (config(imageConfig={"personGeneration": "ALLOW_ALL"}), f"{IMAGE}/personGeneration", "not_supported"),
        (config(thinkingConfig={"thinkingLevel": "LOW"}), f"{THINKING}/thinkingLevel", "not_supported"),
        (config(thinkingConfig={"thinkingBudget": 100}), f"{THINKING}/thinkingBudget", "not_supported"),
        (config(numberOfImages=2), f"{CONFIG}/numberOfImages", "unknown_field"),
        (prompt(tools=[{"codeExecution": {}}]), "/tools/0/codeExecution", "not_supported"),
        (prompt(tools=[{"googleSearch": {"excludeDomains": ["a"]}}]), f"{SEARCH}/excludeDomains", "not_supported"),
        (prompt(tools=[{"googleSearch": {"searchTypes": ["books"]}}]), f"{SEARCH}/searchTypes/0", "unknown_value"),
        (prompt(safetySettings=[{"category": "HATE", "threshold": "OFF"}]), f"{SAFETY}/category", "unknown_value"),
        (part(functionCall={"name": "f"}), f"{PART}/functionCall", "not_supported"),
        (part(videoMetadata={"fps": 2}), f"{PART}/videoMetadata", "not_supported"),
        (part(text="a", fileData={"fileUri": "files/x"}), "/contents/0/parts/1", "conflict"),
        (part(inlineData={"mimeType": "audio/wav", "data": DATA}), f"{PART}/inlineData/mimeType", "not_supported"),
        (part(inlineData={"mimeType": "image/png"}), f"{PART}/inlineData/data", "required"),
        (part(fileData={"mimeType": "image/png"}), f"{PART}/fileData/fileUri", "required"),
        (part(fileData={"fileUri": "gs://a/b", "mimeType": "image/png"}), f"{PART}/fileData/fileUri", "url_refused"),
        (part(inline={"data": DATA}), f"{PART}/inline", "unknown_field"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_where_it_stands(body: dict[str, Any], pointer: str, code: str) -> None:
    assert errors(body) == [(pointer, code)]


def test_limits_of_models_are_told_in_the_names_of_the_body() -> None:
    search = prompt(tools=[{"functionDeclarations": []}, {"googleSearch": {}}])
    assert errors(search, LITE) == [("/tools/1/googleSearch", "not_supported")]
    images = prompt(tools=[{"googleSearch": {"searchTypes": {"imageSearch": {}}}}])
    assert errors(images, PRO) == [("/tools/0/googleSearch/searchTypes/0", "not_supported")]
    video = part(inlineData={"mimeType": "video/mp4", "data": DATA})
    assert errors(video, PRO) == [(PART, "not_supported")]


def test_the_message_begins_with_the_place() -> None:
    translation = Translation(get_model(FLASH))
    with pytest.raises(Problem) as raised:
        translation(part(functionCall={"name": "f"}))
    [error] = translation.placed(raised.value).errors
    assert error.detail == "contents[0].parts[1].functionCall: The image models call no tools of yours; leave it out."
