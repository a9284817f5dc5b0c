"""The OpenAPI document takes its summaries from the views' docstrings, and says of limits what holds everywhere."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """The first sentence of a method's docstring is the summary, the rest the description."""

    def get_summary(self) -> str | None:
        first, _, _ = self._words().partition(". ")
        return first.rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        _, _, rest = self._words().partition(". ")
        return rest

    def _words(self) -> str:
        method = getattr(self.view, self.method.lower(), None)
        return " ".join(((method and method.__doc__) or "").split())


_LIMIT_HEADERS = {
    "RateLimit-Policy": "The limits that bind the key: `q` units in any `w` seconds, requests where `qu` is absent.",
    "RateLimit": "What is left of each: `r` units, and in `t` seconds more.",
}
_RETRY_AFTER = "Seconds until there is room again."


def describe_limits(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: what every operation that a tenant's key opens answers beside its own."""
    described = {**_LIMIT_HEADERS, "Retry-After": _RETRY_AFTER}
    result["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()
    }
    refs = {name: {"$ref": f"#/components/headers/{name}"} for name in described}
    for path in result["paths"].values():
        for operation in path.values():
            if {"bearer": []} not in operation.get("security", []):
                continue
            responses = operation["responses"]
            responses.setdefault("429", _problem())
            for status, response in responses.items():
                wanted = refs if status == "429" else {name: refs[name] for name in _LIMIT_HEADERS}
                if status != "401":
                    response.setdefault("headers", {}).update(wanted)
    return result


def _problem() -> dict[str, Any]:
    body = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {"content": {"application/problem+json": body}, "description": ""}
