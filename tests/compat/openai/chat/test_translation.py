"""A chat's body in a generation's words: every setting is translated, named as having no effect, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.reader import SpilledUrl
from cavendish.http.problems import Problem
from generations.compat.openai.chat.translation import Translation
from generations.request import request_parse
from tests.api.accounts import FLASH, OLD, PRO

URL = SpilledUrl(Path("/nowhere"), 10, "0" * 64, False, "image/png")
HISTORY = [{"role": "user", "content": "a cat"}]


def translated(**body: Any) -> dict[str, Any]:
    """The tree without its model and input, which is a right one for the native API."""
    translation = Translation()
    tree = translation({"model": FLASH, "messages": HISTORY, **body})
    request_parse(dict(tree))
    config: dict[str, Any] = tree.pop("generation_config")
    return {name: value for name, value in tree.items() if name not in {"model", "input"}} | config


def refused(**body: Any) -> list[tuple[str, str]]:
    translation = Translation()
    try:
        request_parse(translation({"model": FLASH, "messages": HISTORY, **body}))
    except Problem as problem:
        return [(error.pointer, error.detail) for error in translation.placed(problem).errors]
    return []


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        ({}, {}),
        ({"modalities": ["image", "text"]}, {"response_format": [{"type": "text"}, {"type": "image"}]}),
        ({"modalities": ["IMAGE"]}, {"response_format": [{"type": "image"}]}),
        ({"modalities": ["text"]}, {"response_format": [{"type": "text"}]}),
        (
            {"image_config": {"aspect_ratio": "16:9", "image_size": "2K"}},
            {"response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "16:9", "image_size": "2K"}]},
        ),
        (
            {"extra_body": {"google": {"image_config": {"aspectRatio": "16:9"}, "thinking_config": {}}}},
            {"response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "16:9"}]},
        ),
        ({"temperature": 0.5, "top_p": 0.9, "seed": 7}, {"temperature": 0.5, "top_p": 0.9, "seed": 7}),
        ({"max_tokens": 100}, {"max_output_tokens": 100}),
        ({"max_tokens": 100, "max_completion_tokens": 100}, {"max_output_tokens": 100}),
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stop_sequences": ["x", "y"]}),
        ({"n": 3, "store": False}, {"n": 3, "store": False}),
        ({"user": "u"}, {"metadata": {"user": "u"}}),
        ({"user": "u", "safety_identifier": "s", "metadata": {"a_b": "c"}}, {"metadata": {"a_b": "c", "user": "s"}}),
        ({"reasoning_effort": "high"}, {"thinking_level": "high", "thinking_summaries": "auto"}),
        ({"reasoning": {"effort": "high", "exclude": True}}, {"thinking_level": "high"}),
        ({"reasoning_effort": "none", "model": OLD}, {}),
        ({"reasoning_effort": "none"}, {"thinking_level": "minimal"}),
        ({"reasoning": {"enabled": False}}, {"thinking_level": "minimal"}),
        ({"plugins": [{"id": "web", "enabled": False}]}, {}),
        ({"web_search_options": {}}, {"tools": [{"type": "google_search"}]}),
        ({"plugins": [{"id": "web"}]}, {"tools": [{"type": "google_search"}]}),
        ({"tools": [{"type": "web_search"}]}, {"tools": [{"type": "google_search"}]}),
        ({"tools": [{"googleSearch": {}}]}, {"tools": [{"type": "google_search"}]}),
        ({"tools": [], "tool_choice": "auto", "response_format": {"type": "text"}, "service_tier": "auto"}, {}),
        ({"logprobs": False, "logit_bias": {}, "functions": [], "prompt_cache_key": "x", "audio": None}, {}),
    ],
)
def test_what_is_taken(body: dict[str, Any], tree: dict[str, Any]) -> None:
    assert translated(**body) == tree


def test_names_of_other_routers() -> None:
    for name in (FLASH, f"google/{FLASH}", f"models/{FLASH}", f"gemini/{FLASH}"):
        assert Translation()({"model": name, "messages": HISTORY})["model"] == FLASH


def test_what_changes_nothing_is_named() -> None:
    translation = Translation()
    detail = {"type": "image_url", "image_url": {"url": URL, "detail": "high"}}
    translation(
        {
            "model": FLASH,
            "messages": [{"role": "user", "content": [detail, detail]}],
            **{"frequency_penalty": 0.5, "presence_penalty": 0, "top_k": 40, "verbosity": "low"},
        }
    )
    assert translation.ignored == ["frequency_penalty", "top_k", "verbosity", "detail"]


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"modalities": ["image", "audio"]}, "/modalities/1", "image or text"),
        ({"modalities": ["text"], "image_config": {"aspect_ratio": "1:1"}}, "/image_config", '"image"'),
        ({"image_config": {"aspect_ratio": "7:5"}}, "/image_config/aspect_ratio", "image_config.aspect_ratio: "),
        ({"image_config": {"imageSize": "8K"}}, "/image_config/imageSize", "no image size"),
        ({"image_config": {"quality": "high"}}, "/image_config/quality", "known are"),
        ({"extra_body": {"google": {"x": 1}}}, "/extra_body/google/x", "no such field"),
        ({"size": "1024x1024"}, "/size", "image_config"),
        ({"aspect_ratio": "16:9"}, "/aspect_ratio", "image_config"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "/tools/0", "web_search"),
        ({"tool_choice": "required"}, "/tool_choice", "no tools"),
        ({"functions": [{"name": "f"}]}, "/functions", "no tools"),
        ({"plugins": [{"id": "file-parser"}]}, "/plugins/0", '{"id": "web"}'),
        ({"web_search_options": {"user_location": {"type": "approximate"}}}, "/web_search_options/user_location", ""),
        ({"model": OLD, "web_search_options": {}}, "/web_search_options", OLD),
        ({"logprobs": True}, "/logprobs", "no such setting"),
        ({"top_logprobs": 2}, "/top_logprobs", "no such setting"),
        ({"logit_bias": {"1": 1}}, "/logit_bias", "no such setting"),
        ({"response_format": {"type": "json_object"}}, "/response_format", "plain text"),
        ({"audio": {"voice": "x"}}, "/audio", "no sound"),
        ({"models": ["a"]}, "/models", "model"),
        ({"service_tier": "flex"}, "/service_tier", "one tier"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "/max_tokens", "differs"),
        ({"max_tokens": True, "max_completion_tokens": 1}, "/max_completion_tokens", "true"),
        ({"max_tokens": 10**7}, "/max_tokens", "whole number"),
        ({"temperature": 3}, "/temperature", "0 to 2"),
        ({"stop": [1]}, "/stop/0", "stop sequence"),
        ({"n": 9}, "/n", "1 to 8"),
        ({"seed": "x"}, "/seed", "whole number"),
        ({"reasoning_effort": "medium"}, "/reasoning_effort", "minimal"),
        ({"model": PRO, "reasoning": {"effort": "low"}}, "/reasoning/effort", "leave it out"),
        ({"model": PRO, "reasoning": {"enabled": False}}, "/reasoning/enabled", "always thinks"),
        ({"reasoning": {"max_tokens": 100}}, "/reasoning/max_tokens", "effort"),
        ({"metadata": {"a_b": 1}}, "/metadata/a_b", ""),
        ({"user": "x" * 600}, "/user", ""),
        ({"stream": "yes"}, "/stream", "true or false"),
        ({"prompt": "x"}, "/prompt", "did you mean messages?"),
        ({"response_modalities": ["IMAGE"]}, "/response_modalities", "did you mean modalities?"),
        ({"aspectRatio": "16:9"}, "/aspectRatio", "did you mean image_config.aspect_ratio?"),
        ({"thinking": {"type": "enabled"}}, "/thinking", "did you mean reasoning_effort?"),
        ({"google": {}}, "/google", "did you mean extra_body.google?"),
        ({"safety_settings": [{"category": "x"}]}, "/safety_settings", "generateContent"),
        ({"messages": []}, "/messages", "empty"),
        ({"messages": "x"}, "/messages", "a list"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(body: dict[str, Any], pointer: str, said: str) -> None:
    [(found, detail)] = refused(**body)
    assert found == pointer
    assert said in detail
    assert ("/" not in pointer[1:]) or detail.startswith(pointer[1:].split("/")[0])


VALUES: list[Any] = [
    0, -1, 1.5, True, "", "x", [], ["x"], {}, {"x": 1}, 10**40, [[]], [None], [{}], URL, {"url": URL},
]  # fmt: skip
NAMES = [
    "model", "messages", "modalities", "image_config", "temperature", "top_p", "seed", "max_tokens", "stop", "n",
    "user", "max_completion_tokens", "stream", "stream_options", "metadata", "store", "reasoning",
    "reasoning_effort", "tools",
    "tool_choice", "web_search_options", "plugins", "service_tier", "response_format", "extra_body", "usage", "extra",
    "include_reasoning", "safety_identifier", "frequency_penalty", "logit_bias", "audio", "models", "top_k",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_whatever_stands_in_a_field_the_problem_names_it(name: str) -> None:
    for value in VALUES:
        for pointer, _ in refused(**{name: value}):
            assert pointer.startswith(f"/{name}"), value


PLACES = ["role", "content", "images", "reasoning_details", "tool_calls", "refusal", "name"]


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
@pytest.mark.parametrize("name", PLACES)
def test_whatever_stands_in_a_message(role: str, name: str) -> None:
    for value in VALUES:
        message = {"role": role, "content": "x", name: value}
        for pointer, _ in refused(messages=[message, *HISTORY]):
            assert pointer.startswith("/messages/0"), value


@pytest.mark.parametrize("kind", ["text", "image_url", "video_url", "refusal", "file", "input_image", "x", 1, None])
@pytest.mark.parametrize("name", ["text", "image_url", "video_url", "extra"])
def test_whatever_stands_in_a_part(kind: Any, name: str) -> None:
    for value in [*VALUES, {"url": "data:x"}, {"url": "https://x.example/a.png"}, {"url": 1}, {"url": URL, "x": 1}]:
        for pointer, _ in refused(messages=[{"role": "user", "content": [{"type": kind, name: value}]}]):
            assert pointer.startswith("/messages"), value
