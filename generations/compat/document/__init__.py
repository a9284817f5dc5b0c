"""The OpenAPI document of the addresses that the SDKs of Google and OpenAI call: what of them is offered here.

Those APIs are described by their owners. This says in their words which fields and values are taken and come back.
"""

from __future__ import annotations

from typing import Any

from cavendish.http.apidoc import COMPAT_DESCRIPTION
from cavendish.http.documents import components_used, info
from cavendish.http.openapi import IDEMPOTENCY_KEY
from cavendish.http.shapes import DEFINED
from generations.compat.document import google, openai
from generations.compat.document.google_paths import PATHS as GOOGLE_PATHS

TAGS = [
    {"name": "gemini", "description": "Google's Gemini API. `/v1`, `/v1beta` and `/v1alpha` are the same."},
    {"name": "imagen", "description": "Google's Imagen, whose requests a Gemini model answers."},
    {"name": "openai", "description": "OpenAI's API; below `/v1beta/openai` too, where Google has it."},
]
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: cvd_live_… or cvd_test_…"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key", "description": "The same key."},
    "key": {"type": "apiKey", "in": "query", "name": "key", "description": "The same key, in the address."},
}


def compat_document() -> dict[str, Any]:
    """Returns the document of the compatible APIs."""
    document = info("Cavendish for the SDKs of Google and OpenAI", COMPAT_DESCRIPTION)
    paths = {**_keyed(GOOGLE_PATHS, "GoogleError"), **_keyed(openai.PATHS, "OpenAIError")}
    document |= {"tags": TAGS, "paths": paths, "security": google.SECURITY}
    components = {
        "schemas": DEFINED,
        "securitySchemes": _SCHEMES,
        "responses": {**google.RESPONSES, **openai.RESPONSES},
        "parameters": {**google.PARAMETERS, "IdempotencyKey": IDEMPOTENCY_KEY},
    }
    return {**document, "components": components_used(document, components)}


def _keyed(paths: dict[str, dict[str, Any]], error: str) -> dict[str, dict[str, Any]]:
    """Returns the addresses with the key that each POST takes, and what a request with a used one is answered."""
    refused = {status: {"$ref": f"#/components/responses/{error}"} for status in ("409", "422")}
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    keyed = {}
    for path, item in paths.items():
        keyed[path] = dict(item)
        if (post := item.get("post")) is not None:
            keyed[path]["post"] = {
                **post,
                "parameters": [*post.get("parameters", ()), key],
                "responses": {**post["responses"], **refused},
            }
    return keyed
