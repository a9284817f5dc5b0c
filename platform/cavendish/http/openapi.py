"""How the OpenAPI document is written: summaries from the views' docstrings, headers that many operations share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """The first sentence of a method's docstring is the summary, the rest the description."""

    def get_summary(self) -> str | None:
        first, _, _ = self._docstring().partition(". ")
        return first.rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        _, _, rest = self._docstring().partition(". ")
        return rest

    def _docstring(self) -> str:
        method = getattr(self.view, self.method.lower(), None)
        return " ".join(((method and method.__doc__) or "").split())


_LIMIT_HEADERS = {
    "RateLimit-Policy": "The key's limits: `q` units in any `w` seconds; units are requests where `qu` is absent.",
    "RateLimit": "What is left of each limit: `r` units; more in `t` seconds.",
}
_RETRY_AFTER = "Seconds to wait before trying again."


def describe_limits(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Adds the headers and the 429 of rate limits to every operation of tenants' keys, as drf-spectacular's hook."""
    described = {**_LIMIT_HEADERS, "Retry-After": _RETRY_AFTER}
    result["components"].setdefault("headers", {}).update(
        {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}
    )
    refs = {name: {"$ref": f"#/components/headers/{name}"} for name in described}
    for path in result["paths"].values():
        for operation in path.values():
            if {"bearer": []} not in operation.get("security", []):
                continue
            responses = operation["responses"]
            responses.setdefault("429", _problem())
            for status, response in responses.items():
                headers = refs if status == "429" else {name: refs[name] for name in _LIMIT_HEADERS}
                if status != "401":
                    response.setdefault("headers", {}).update(headers)
    return result


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the request makes nothing anew and gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_REPLAYED = {"description": "`true` where an earlier request was answered again.", "schema": {"type": "string"}}


def describe_idempotency(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Adds the header and its refusals to every POST, as drf-spectacular's hook."""
    components = result["components"]
    components.setdefault("parameters", {})["IdempotencyKey"] = _KEY
    components.setdefault("headers", {})["Idempotent-Replayed"] = _REPLAYED
    for path in result["paths"].values():
        operation = path.get("post")
        if operation is None:
            continue
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
        for status in ("400", "409", "422"):
            operation["responses"].setdefault(status, _problem())
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                response.setdefault("headers", {})["Idempotent-Replayed"] = {
                    "$ref": "#/components/headers/Idempotent-Replayed"
                }
    return result


def _problem() -> dict[str, Any]:
    body = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {"content": {"application/problem+json": body}, "description": ""}
