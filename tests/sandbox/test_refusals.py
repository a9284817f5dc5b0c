from __future__ import annotations

from typing import Any

import httpx
import pytest

from cavendish.gemini.catalog import models
from tests.sandbox.conftest import MODEL, Server
from tests.sandbox.helpers import png

PRO, LITE, FIRST = "gemini-3-pro-image", "gemini-3.1-flash-lite-image", "gemini-2.5-flash-image"
PICTURE = {"type": "image", "mime_type": "image/png", "data": png(8, 8)}


def image(**fields: str) -> dict[str, Any]:
    return {"response_format": {"type": "image", **fields}}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": None}, "'model' is required"),
        ({"agent": "deep-research"}, "'agent' is not supported"),
        ({"max_images": 2}, "Unknown parameter 'max_images'"),
        (image(image_size="1k"), "gemini-3.1-flash-image supports: 512, 1K, 2K, 4K"),
        (image(image_size="0.5K"), "Invalid value '0.5K' for image_size"),
        (image(aspect_ratio="7:3"), "Invalid value '7:3' for aspect_ratio"),
        (image(mime_type="image/webp"), "image/png, image/jpeg"),
        (image(quality="hd"), "Unknown parameter 'quality'"),
        (image(delivery="uri"), "Invalid value 'uri' for delivery"),
        ({"model": PRO, **image(aspect_ratio="1:8")}, "gemini-3-pro-image supports: 1:1, 2:3"),
        ({"model": LITE, **image(image_size="2K")}, "supports: 1K"),
        ({"response_format": {"type": "audio"}}, "'audio' is not supported"),
        ({"response_format": {"type": "object", "properties": {}}}, "JSON mode is not enabled"),
        ({"response_format": ["image"]}, "must be an object or a list of objects"),
        ({"response_format": {"type": ["image"]}}, "'type' must be a string"),
        ({"response_modalities": ["AUDIO"]}, "modality 'audio' is not supported"),
        ({"tools": [{"type": "url_context"}]}, "Tool 'url_context' is not supported"),
        ({"model": LITE, "tools": [{"type": "google_search"}]}, "Search as tool is not enabled"),
        (
            {"model": PRO, "tools": [{"type": "google_search", "search_types": ["image_search"]}]},
            "supports: web_search",
        ),
        ({"generation_config": {"thinking_level": "low"}}, "supports: minimal, high"),
        ({"model": PRO, "generation_config": {"thinking_level": "high"}}, "takes no thinking level"),
        ({"generation_config": {"thinking_budget": 5}}, "Unknown parameter 'thinking_budget'"),
        ({"generation_config": {"max_output_tokens": 0}}, "must be a whole number from 1"),
        ({"input": None}, "'input' must be"),
        ({"input": []}, "'input' is empty"),
        ({"input": [{"type": "user_input", "content": []}]}, "'input' is empty"),
        ({"input": 5}, "'input' must be"),
        ({"input": [{"type": 5}]}, "'type' must be a string"),
        ({"input": [{"type": "google_search_result", "content": 1}, "x"]}, "Unknown parameter 'content'"),
        ({"input": [{"type": "thought", "summary": 5}, "x"]}, "summary must be a list"),
        ({"input": [{"type": "function_result"}]}, "'function_result' are not supported"),
        ({"input": [{**PICTURE, "role": "style"}]}, "Unknown parameter 'role'"),
        ({"input": [{"type": "audio", "data": "AAAA", "mime_type": "audio/wav"}]}, "Audio as input are not supported"),
        ({"input": [{"type": "image", "data": "###"}]}, "Base64 decoding failed"),
        ({"input": [{"type": "image", "data": "aGVsbG8="}]}, "Unable to process input image"),
        ({"input": [{"type": "image", "data": "aGVsbG8=", "mime_type": "image/svg+xml"}]}, "Unsupported MIME type"),
        ({"input": [{"type": "image"}]}, "exactly one of 'data' and 'uri'"),
        ({"input": [{"type": "image", "uri": "https://example.com/a.png"}]}, "Cannot fetch content"),
        ({"input": [{"type": "video", "uri": "https://example.com/a.mp4"}]}, "Cannot fetch content"),
        ({"input": [PICTURE] * 15}, "at most 14 images"),
        ({"model": FIRST, "input": [PICTURE] * 4}, "at most 3 images"),
        (
            {"model": PRO, "input": [{"type": "video", "uri": "https://youtu.be/x"}]},
            "Videos as input are not supported",
        ),
        ({"input": "x" * 600_000}, "input token count (150000) exceeds"),
        ({"input": "[[fault:nonsense]]"}, "knows no fault 'nonsense'"),
        ({"background": True, "store": False}, "'background' requires 'store'"),
        ({"stream": "yes"}, "'stream' must be true or false"),
    ],
)
def test_what_a_model_lacks_is_refused_with_a_clear_message(api: httpx.Client, fields: Any, message: str) -> None:
    answer = api.post("/v1/interactions", json={"model": MODEL, "input": "x", **fields})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert message in error["message"]


LONE = rb'{"model": "gemini-3.1-flash-image", "input": "\ud800"}'


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, LONE])
def test_a_body_that_cannot_be_read_is_refused(api: httpx.Client, raw: bytes) -> None:
    answer = api.post("/v1/interactions", content=raw)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/interactions", {"model": "gemini-3-pro-imge", "input": "x"}),
        ("POST", "/v1/interactions", {"model": MODEL, "input": "x", "previous_interaction_id": "v1_none"}),
        ("POST", "/v1/interactions", {"model": MODEL, "input": [{"type": "image", "uri": "files/none"}]}),
        ("GET", "/v1beta/interactions/v1_none", None),
        ("GET", "/v1beta/interactions/..%2f..%2fetc", None),
        ("DELETE", "/v1beta/interactions/v1_none", None),
        ("POST", "/v1beta/interactions/v1_none/cancel", None),
    ],
)
def test_what_is_not_there_is_404(api: httpx.Client, method: str, path: str, body: Any) -> None:
    answer = api.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1/models/none", "/v1/files/none", "/v1beta/nothing", "/v2/models"])
def test_other_routes_answer_in_the_other_shape(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (404, 404, "NOT_FOUND")


def test_a_key_is_needed_in_header_or_query(server: Server) -> None:
    assert httpx.get(f"{server.url}/v1/models").status_code == 403
    assert httpx.get(f"{server.url}/v1/models", headers={"x-goog-api-key": ""}).status_code == 403
    assert httpx.get(f"{server.url}/v1/models?key=any").status_code == 200
    post = httpx.post(f"{server.url}/v1/interactions", json={"model": MODEL, "input": "x"})
    assert (post.status_code, post.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("key", "status"), [("invalid-1", 400), ("blocked-1", 403), ("exhausted-1", 429)])
def test_some_keys_are_refused_on_purpose(server: Server, key: str, status: int) -> None:
    assert server.client(key).get("/v1/models").status_code == status


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_all_versions_answer(api: httpx.Client, version: str) -> None:
    assert api.post(f"/{version}/interactions", json={"model": MODEL, "input": "x"}).status_code == 200
    assert len(api.get(f"/{version}/models").json()["models"]) == len(models())


def test_models_come_in_pages(api: httpx.Client) -> None:
    size = len(models()) - 1
    first = api.get("/v1beta/models", params={"pageSize": size}).json()
    rest = api.get("/v1beta/models", params={"pageSize": size, "pageToken": first["nextPageToken"]}).json()
    assert [len(first["models"]), len(rest["models"])] == [size, 1]
    assert [model["name"] for model in first["models"] + rest["models"]] == [f"models/{each.id}" for each in models()]
    assert "nextPageToken" not in rest
