"""Each wrong value: where, which code, and the words that say what is right."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest

from cavendish.http.problems import Problem
from generations.request import Dialect, request_parse
from tests.request.helpers import FLASH, LITE, OLD, PRO, errors_of, image, text

RATIOS = "1:1, 2:3, 3:2, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9 or 21:9"


def fmt(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "image", **fields}}


def search(*types: str) -> dict[str, Any]:
    return {"tools": [{"type": "google_search", "search_types": list(types)}]}


# model, rest of the body, pointer, code, words of the detail
CASES: list[tuple[str, dict[str, Any], str, str, str]] = [
    # size
    (FLASH, fmt(image_size="1k"), "/response_format/image_size", "unknown_value", "use 1K"),
    (FLASH, fmt(image_size="512px"), "/response_format/image_size", "unknown_value", "use 512"),
    (FLASH, fmt(image_size="0.5K"), "/response_format/image_size", "unknown_value", "use 512"),
    (FLASH, fmt(image_size="0.5k"), "/response_format/image_size", "unknown_value", "use 512"),
    (FLASH, fmt(image_size="512P"), "/response_format/image_size", "unknown_value", "use 512"),
    (FLASH, fmt(image_size=512), "/response_format/image_size", "unknown_value", "use 512 (a string)"),
    (FLASH, fmt(image_size="2048x2048"), "/response_format/image_size", "unknown_value", "use 2K"),
    (FLASH, fmt(image_size="8K"), "/response_format/image_size", "unknown_value", "takes 512, 1K, 2K and 4K"),
    (FLASH, fmt(image_size=[1]), "/response_format/image_size", "wrong_type", 'a string like "1K"'),
    (LITE, fmt(image_size="2K"), "/response_format/image_size", "not_supported", f"{LITE} makes no 2K; use 1K."),
    (PRO, fmt(image_size="512"), "/response_format/image_size", "not_supported", "use 1K, 2K or 4K"),
    (OLD, fmt(image_size="4K"), "/response_format/image_size", "not_supported", f"{OLD} makes no 4K; use 1K."),
    (PRO, fmt(image_size="512px"), "/response_format/image_size", "unknown_value", "takes 1K, 2K and 4K"),
    # ratio
    (PRO, fmt(aspect_ratio="1:8"), "/response_format/aspect_ratio", "not_supported", f"{PRO}; use {RATIOS}. It"),
    (LITE, fmt(aspect_ratio="4:1"), "/response_format/aspect_ratio", "not_supported", f"It is taken by {FLASH}"),
    (FLASH, fmt(aspect_ratio="7:3"), "/response_format/aspect_ratio", "unknown_value", "16:9 or 21:9"),
    (FLASH, fmt(aspect_ratio="16x9"), "/response_format/aspect_ratio", "unknown_value", "use 16:9."),
    (FLASH, fmt(aspect_ratio=1.78), "/response_format/aspect_ratio", "wrong_type", 'a string like "16:9"'),
    (FLASH, fmt(aspectRatio="7:3"), "/response_format/aspectRatio", "unknown_value", '"7:3"'),
    # response_format
    (FLASH, fmt(mime_type="image/webp"), "/response_format/mime_type", "not_supported", "use image/png or image/jpeg"),
    (FLASH, fmt(mime_type="image/jpg"), "/response_format/mime_type", "unknown_value", "use image/jpeg."),
    (FLASH, fmt(quality="hd"), "/response_format/quality", "unknown_field", '"quality" is not a field'),
    (FLASH, fmt(imagesize="1K"), "/response_format/imagesize", "unknown_field", "did you mean image_size?"),
    (FLASH, fmt(delivery="uri"), "/response_format/delivery", "not_supported", "inline"),
    (FLASH, {"response_format": {"type": "audio"}}, "/response_format/type", "not_supported", "make no audio"),
    (FLASH, {"response_format": {"type": "imagee"}}, "/response_format/type", "unknown_value", "did you mean image?"),
    (FLASH, {"response_format": {"type": "object"}}, "/response_format", "not_supported", "schema"),
    (FLASH, {"response_format": "image"}, "/response_format", "wrong_type", '{"type": "image"'),
    (FLASH, {"response_format": [{"type": "image", "image_size": "1k"}]}, "/response_format/0/image_size",
     "unknown_value", "use 1K"),
    (FLASH, {"response_format": [{"type": "image"}, {"type": "image"}]}, "/response_format", "conflict", "more than"),
    (FLASH, {"response_format": {"type": "text", "mime_type": "application/json"}}, "/response_format/mime_type",
     "not_supported", "text/plain"),
    (FLASH, {"response_modalities": ["IMAGE", "AUDIO"]}, "/response_modalities/1", "not_supported", "no audio"),
    (FLASH, {"response_mime_type": "image/gif"}, "/response_mime_type", "not_supported", "image/png or image/jpeg"),
    (FLASH, {"generation_config": {"image_config": {"image_size": "1k"}}},
     "/generation_config/image_config/image_size", "unknown_value", "use 1K"),
    # search
    (LITE, search("web_search"), "/tools/0", "not_supported", f"{LITE} does not search; leave the tool out."),
    (OLD, {"tools": [{"type": "google_search"}]}, "/tools/0", "not_supported", f"It is taken by {FLASH}"),
    (PRO, search("web_search", "image_search"), "/tools/0/search_types/1", "not_supported", "use web_search. It is"),
    (FLASH, search("websearch"), "/tools/0/search_types/0", "unknown_value", "did you mean web_search?"),
    (FLASH, search("enterprise_web_search"), "/tools/0/search_types/0", "unknown_value", "web_search"),
    (FLASH, search(), "/tools/0/search_types", "empty", "leave it out"),
    (FLASH, {"tools": [{"type": "code_execution"}]}, "/tools/0/type", "not_supported", '"code_execution" is not'),
    (FLASH, {"tools": [{"google_search": {}}]}, "/tools/0/type", "not_supported", '{"type": "google_search"}'),
    (FLASH, {"tools": {"type": "google_search"}}, "/tools", "wrong_type", "a list"),
    # thinking
    (FLASH, {"generation_config": {"thinking_level": "low"}}, "/generation_config/thinking_level", "not_supported",
     "minimal"),
    (FLASH, {"generation_config": {"thinking_level": "HIGH"}}, "/generation_config/thinking_level", "not_supported",
     "did you mean high?"),
    (PRO, {"generation_config": {"thinking_level": "high"}}, "/generation_config/thinking_level", "not_supported",
     f"{PRO} always thinks and takes no thinking_level; leave it out. It is taken by {FLASH}"),
    (LITE, {"generation_config": {"thinking_level": "low"}}, "/generation_config/thinking_level", "not_supported",
     f'"low" is no thinking level of {LITE}; use minimal or high'),
    (OLD, {"generation_config": {"thinking_level": "minimal"}}, "/generation_config/thinking_level", "not_supported",
     f"{OLD} does not think"),
    (FLASH, {"generation_config": {"thinking_summaries": "on"}}, "/generation_config/thinking_summaries",
     "unknown_value", "auto"),
    # generation_config
    (FLASH, {"generation_config": {"temperature": 3}}, "/generation_config/temperature", "out_of_range", "from 0 to 2"),
    (FLASH, {"generation_config": {"temperature": True}}, "/generation_config/temperature", "wrong_type", "a number"),
    (FLASH, {"generation_config": {"top_p": -0.1}}, "/generation_config/top_p", "out_of_range", "from 0 to 1"),
    (FLASH, {"generation_config": {"seed": 2**31}}, "/generation_config/seed", "out_of_range", "-2147483648"),
    (FLASH, {"generation_config": {"seed": 1.5}}, "/generation_config/seed", "wrong_type", "a whole number"),
    (FLASH, {"generation_config": {"max_output_tokens": 0}}, "/generation_config/max_output_tokens", "out_of_range",
     "from 1 to 32768"),
    (FLASH, {"generation_config": {"stop_sequences": ["a"] * 6}}, "/generation_config/stop_sequences", "too_many",
     "at most 5"),
    (FLASH, {"generation_config": {"stop_sequences": ["a", ""]}}, "/generation_config/stop_sequences/1", "wrong_type",
     "1 to 200"),
    (FLASH, {"generation_config": {"thinking_budget": 5}}, "/generation_config/thinking_budget", "unknown_field",
     "thinking_level"),
    (FLASH, {"generation_config": {"candidate_count": 2}}, "/generation_config/candidate_count", "unknown_field",
     "send several jobs"),
    (FLASH, {"generation_config": "high"}, "/generation_config", "wrong_type", "an object"),
    # the number of pictures to make
    (FLASH, {"max_images": 0}, "/max_images", "out_of_range", f"a whole number from 1 to 4 with {FLASH}"),
    (FLASH, {"max_images": 5}, "/max_images", "out_of_range", "max_images is 5"),
    (PRO, {"max_images": 11}, "/max_images", "out_of_range", f"from 1 to 10 with {PRO}"),
    (FLASH, {"max_images": "2"}, "/max_images", "wrong_type", "a whole number"),
    # input
    (FLASH, {"input": ""}, "/input", "empty", "at least one text, picture or video"),
    (FLASH, {"input": " \n"}, "/input", "empty", "empty"),
    (FLASH, {"input": []}, "/input", "empty", "empty"),
    (FLASH, {"input": [text("")]}, "/input", "empty", "empty"),
    (FLASH, {"input": [{"type": "user_input", "content": []}]}, "/input", "empty", "empty"),
    (FLASH, {"input": None}, "/input", "required", "input is missing"),
    (FLASH, {"input": 7}, "/input", "wrong_type", "input is 7"),
    (FLASH, {"input": {}}, "/input/type", "required", "JavaScript Set"),
    (FLASH, {"input": [text(), 5]}, "/input/1", "wrong_type", "a content block"),
    (FLASH, {"input": [{"type": "imag", "data": "x"}]}, "/input/0/type", "unknown_value", "did you mean image?"),
    (FLASH, {"input": [{"type": "text"}]}, "/input/0/text", "required", "needs its text"),
    (FLASH, {"input": [{"type": "text", "text": 5}]}, "/input/0/text", "wrong_type", "a string"),
    (FLASH, {"input": [text(), {"type": "audio", "data": "x"}]}, "/input/1/type", "not_supported", "takes audio"),
    (PRO, {"input": [{"type": "document", "uri": "https://x.example/a.pdf"}]}, "/input/0/type", "not_supported",
     "takes document"),
    (FLASH, {"input": [{"type": "user_input", "content": [text(), {"type": "audio"}]}]}, "/input/0/content/1/type",
     "not_supported", "audio"),
    (FLASH, {"input": [{"role": "robot", "content": "hi"}]}, "/input/0/role", "unknown_value", "user"),
    (FLASH, {"input": [{"content": "hi"}]}, "/input/0/type", "required", "user_input"),
    (FLASH, {"input": [{"type": "user_inptu", "content": "hi"}]}, "/input/0/type", "unknown_value",
     "did you mean user_input?"),
    (FLASH, {"input": [{"type": "function_call", "name": "f"}]}, "/input/0/type", "not_supported", "function_call"),
    (FLASH, {"input": [text(), {"type": "model_output", "content": [text()]}]}, "/input/1", "conflict", "must end"),
    (FLASH, {"input": "x" * 600_000}, "/input", "too_long", f"{FLASH} takes at most 131072"),
    (LITE, {"input": [text("x" * 240_000), *[image()] * 6]}, "/input", "too_long",
     "about 66720 tokens (60000 of text, 6 pictures at 1120)"),
    (FLASH, {"input": "a\0b"}, "/input", "unknown_value", "U+0000"),
    (FLASH, {"system_instruction": ["x"]}, "/system_instruction", "wrong_type", "a string"),
    # references
    (FLASH, {"input": [text(), *[image()] * 15]}, "/input/15", "too_many", "at most 14 pictures; 15 are given"),
    (OLD, {"input": [text(), *[image()] * 4]}, "/input/4", "too_many", f"{OLD} takes at most 3 pictures; 4 are given"),
    (PRO, {"input": [text(), *[image(role="style")] * 4]}, "/input/4/role", "too_many", "at most 3 pictures with"),
    (PRO, {"input": [text(), *[image(role="object")] * 7]}, "/input/7/role", "too_many", "at most 6"),
    (PRO, {"input": [text(), *[image(role="character")] * 6]}, "/input/6/role", "too_many", "at most 5"),
    (FLASH, {"input": [text(), *[image(role="character")] * 5]}, "/input/5/role", "too_many", "at most 4"),
    (FLASH, {"input": [text(), image(role="style")]}, "/input/1/role", "not_supported", "use object or character"),
    (FLASH, {"input": [text(), image(role="hero")]}, "/input/1/role", "unknown_value", "object"),
    (FLASH, {"input": [text(), {"type": "image"}]}, "/input/1", "required", "data, uri, file_id or output_id"),
    (FLASH, {"input": [text(), image(uri="https://x.example/a.png")]}, "/input/1", "conflict", "uri and file_id"),
    (FLASH, {"input": [text(), image(mime_type="image/svg+xml")]}, "/input/1/mime_type", "not_supported", "image/heic"),
    (FLASH, {"input": [text(), image(mime_typ="image/png")]}, "/input/1/mime_typ", "unknown_field",
     "did you mean mime_type?"),
    (FLASH, {"input": [text(), image(resolution="high")]}, "/input/1/resolution", "not_supported", "leave it out"),
    (FLASH, {"input": [text(), image(file_id=5)]}, "/input/1/file_id", "wrong_type", "a string"),
    # video
    (PRO, {"input": [text(), {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"}]}, "/input/1/type",
     "not_supported", f"{PRO} takes no video; use {FLASH}"),
    (LITE, {"input": [text(), {"type": "video", "file_id": "file_1"}]}, "/input/1/type", "not_supported", FLASH),
    (FLASH, {"input": [text(), {"type": "video", "output_id": "out_1"}]}, "/input/1/output_id", "not_supported",
     "data, uri or file_id"),
    (FLASH, {"input": [text(), {"type": "video", "file_id": "f", "role": "object"}]}, "/input/1/role", "not_supported",
     "Only pictures"),
    (FLASH, {"input": [text(), image(file_id=None, uri="https://youtu.be/UTdfxFyOQTI")]}, "/input/1/uri",
     "not_supported", '"type": "video"'),
    # addresses
    *[
        (FLASH, {"input": [text(), {"type": "image", "uri": uri}]}, "/input/1/uri", "url_refused", words)
        for uri, words in [
            ("https://127.0.0.1/a.png", "loopback"),
            ("https://10.0.0.1/a.png", "private"),
            ("https://[::1]/a.png", "loopback"),
            ("https://localhost/a.png", "loopback"),
            ("https://169.254.169.254/latest/meta-data", "link-local"),
            ("http://pictures.example/a.png", "https://"),
            ("file:///etc/passwd", "https://"),
            ("gs://bucket/a.png", "file_id"),
            ("data:image/png;base64,AAAA", "data"),
            ("https://u:p@pictures.example/a.png", "password"),
        ]
    ],
    # the rest
    (FLASH, {"previous_generation_id": "gen_1", "previous_interaction_id": "gen_2"}, "/previous_interaction_id",
     "conflict", "one field"),
    (FLASH, {"previous_generation_id": 5}, "/previous_generation_id", "wrong_type", "a string"),
    (FLASH, {"store": "no"}, "/store", "wrong_type", "true or false"),
    (FLASH, {"metadata": {"a": 1}}, "/metadata/a", "wrong_type", "a string"),
    (FLASH, {"metadata": {"a/b": "x" * 513}}, "/metadata/a~1b", "too_long", "at most 512"),
    (FLASH, {"metadata": {"k" * 65: "x"}}, "/metadata/" + "k" * 65, "too_long", "1 to 64"),
    (FLASH, {"metadata": {str(i): "x" for i in range(17)}}, "/metadata", "too_many", "at most 16"),
    (FLASH, {"metadata": ["x"]}, "/metadata", "wrong_type", "an object"),
    (FLASH, {"metadata": {"a": "x\0"}}, "/metadata/a", "unknown_value", "U+0000"),
    (FLASH, {"safety_settings": [{"type": "hate", "threshold": "off"}]}, "/safety_settings/0/type", "unknown_value",
     "hate_speech"),
    (FLASH, {"safety_settings": [{"type": "jailbreak"}]}, "/safety_settings/0/threshold", "required", "threshold"),
    (FLASH, {"inptu": "x"}, "/inptu", "unknown_field", "did you mean input?"),
    (FLASH, {"prompt": "x"}, "/prompt", "unknown_field", "did you mean input?"),
    (FLASH, {"generation_config": {"topK": 40}}, "/generation_config/topK", "unknown_field", "leave it out."),
    (FLASH, {"num_images": 2}, "/num_images", "unknown_field", "did you mean n?"),
    (FLASH, {"n": 9}, "/n", "out_of_range", "from 1 to 8"),
    (FLASH, {"aspect_ratio": "1:1"}, "/aspect_ratio", "unknown_field", "response_format.aspect_ratio"),
    (FLASH, {"stream": True}, "/stream", "unknown_field", "/events"),
    (FLASH, {"background": True}, "/background", "unknown_field", "Prefer: wait"),
    (FLASH, {"labels": {}}, "/labels", "unknown_field", "did you mean metadata?"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "rest", "pointer", "code", "words"), CASES)
def test_one_wrong_value(model: str, rest: dict[str, Any], pointer: str, code: str, words: str) -> None:
    errors = errors_of({"model": model, "input": "a cat", **rest})

    assert [(error.pointer, error.code) for error in errors] == [(pointer, code)]
    assert words in errors[0].detail
    assert errors[0].detail.endswith((".", "?"))


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("gemini-3.1-flash-imag", "unknown_model", "did you mean gemini-3.1-flash-image?"),
        ("gemini-3-pro-image-review", "unknown_model", "did you mean gemini-3-pro-image?"),
        ("Gemini-2.5-Flash-Image", "unknown_model", "did you mean gemini-2.5-flash-image?"),
        ("dall-e-3", "unknown_model", "use gemini-3.1-flash-image, "),
        ("dall-e-3", "unknown_model", " or another of /api/v1/models."),
        ("x" * 5000, "unknown_model", "There is no model"),
        (None, "required", "model is missing"),
        (5, "wrong_type", "a string"),
    ],
)
def test_an_unknown_model_is_answered_with_the_nearest_name(model: Any, code: str, words: str) -> None:
    errors = errors_of({"model": model, "input": "a cat"})

    assert [(error.pointer, error.code) for error in errors] == [("/model", code)]
    assert words in errors[0].detail
    assert len(errors[0].detail) < 200


def test_a_body_that_is_no_object() -> None:
    assert [(error.pointer, error.code) for error in errors_of(["a cat"])] == [("", "wrong_type")]


def test_all_wrong_values_are_told_at_once() -> None:
    errors = errors_of(
        {
            "model": PRO,
            "input": [text(), {"type": "audio", "data": "x"}, image(role="hero")],
            "response_format": {"type": "image", "image_size": "1k", "aspect_ratio": "1:8"},
            "generation_config": {"thinking_level": "high", "seed": "x"},
            "tools": [{"type": "google_search", "search_types": ["image_search"]}],
            "max_images": 99,
            "nonsense": 1,
        }
    )

    assert {error.pointer for error in errors} == {
        "/input/1/type",
        "/input/2/role",
        "/response_format/image_size",
        "/response_format/aspect_ratio",
        "/generation_config/thinking_level",
        "/generation_config/seed",
        "/tools/0/search_types/0",
        "/max_images",
        "/nonsense",
    }


@pytest.mark.parametrize(
    "rest",
    [
        {"input": [5] * 900},
        {"input": [{"type": "x" * 50}] * 900},
        {f"field_{number}": 1 for number in range(20_000)},
        {"input": [{"type": "user_input", "content": [{"type": "text", f"x{n}": 1, "text": "a"} for n in range(900)]}]},
    ],
)
def test_a_flood_of_mistakes_is_cut_short(rest: dict[str, Any]) -> None:
    errors = errors_of({"model": FLASH, "input": "a cat", **rest})

    assert len(errors) == 100


@pytest.mark.parametrize(
    ("rest", "pointer"),
    [
        ({"input": ["a"] * 1001}, "/input"),
        ({"input": {"type": "user_input", "content": ["a"] * 1001}}, "/input/content"),
        ({"tools": [{"type": "google_search"}] * 1001}, "/tools"),
        ({"response_format": [{"type": "text"}] * 1001}, "/response_format"),
    ],
)
def test_endless_lists_are_refused(rest: dict[str, Any], pointer: str) -> None:
    errors = errors_of({"model": FLASH, "input": "a cat", **rest})

    assert [(error.pointer, error.code) for error in errors] == [(pointer, "too_many")]


def test_other_fields_are_still_checked_when_the_model_is_unknown() -> None:
    errors = errors_of({"model": "nano", "input": "", "store": 1, "response_format": {"type": "image", "x": 1}})

    assert [error.pointer for error in errors] == ["/model", "/input", "/response_format/x", "/store"]


def test_values_are_echoed_short() -> None:
    errors = errors_of({"model": FLASH, "input": "a", "response_format": {"type": "image", "image_size": "s" * 9000}})

    assert "s" * 81 not in errors[0].detail


@pytest.mark.parametrize(
    ("rest", "pointer"),
    [
        ({"agent": "x"}, "/agent"),
        ({"cached_content": "x"}, "/cached_content"),
        ({"continuation_token": "x"}, "/continuation_token"),
        ({"environment": "x"}, "/environment"),
        ({"background": True, "store": False}, "/background"),
        ({"labels": {"a": 1}}, "/labels/a"),
        ({"response_format": {"type": "image", "aspect_ratio": "7:3"}}, "/response_format/aspect_ratio"),
    ],
)
def test_the_compatible_dialect_refuses_what_it_cannot_leave_out(rest: dict[str, Any], pointer: str) -> None:
    errors = errors_of({"model": FLASH, "input": "a cat", **rest}, dialect="interactions")

    assert [error.pointer for error in errors] == [pointer]


WRONG_KINDS: list[Any] = [
    None, True, 5, 1.5, "x", [], {}, [[]], [None], {"type": []}, [{"type": {}}], [{"role": []}], [{"role": {}}],
    [{"type": "image", "data": []}], {"type": "image", "role": {}, "uri": {}}, {"type": "image", "mime_type": []},
    [{"type": "google_search", "search_types": [{}]}], {"thinking_level": [], "image_config": []},
    {"type": "image", "aspect_ratio": {}, "image_size": {}}, {"type": "image", "mime_type": {}, "delivery": []},
    [{"type": "text", "mime_type": [], "text": {}}], [{"type": "thought", "summary": {}, "signature": []}],
    [{"type": "google_search_call", "arguments": {"queries": 5}}], [{"type": "google_search_result", "result": 5}],
    [{"type": "model_output", "content": [[]]}], [{"type": "UNKNOWN", "raw": {"type": "UNKNOWN"}}],
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["native", "interactions"])
@pytest.mark.parametrize(
    "name",
    [
        "model", "input", "system_instruction", "response_format", "response_modalities", "response_mime_type",
        "generation_config", "tools", "max_images", "previous_generation_id", "previous_interaction_id", "store",
        "metadata", "labels", "safety_settings", "background", "stream",
    ],
)  # fmt: skip
def test_no_value_of_the_wrong_kind_breaks_the_parser(name: str, dialect: Dialect) -> None:
    for value in copy.deepcopy(WRONG_KINDS):
        with contextlib.suppress(Problem):
            request_parse({"model": FLASH, "input": "a cat", name: value}, dialect=dialect)
