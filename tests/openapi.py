"""Every answer of the APIs against the OpenAPI documents: what comes is described, and what is described comes.

Test clients call `check_answer`. Fields that are described must be there unless they are optional, and no others may.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from threading import Lock
from typing import Any

from jsonschema import Draft202012Validator

Json = dict[str, Any]
# What the layer in front of Django, the parsers or a lack of room answer at any address.
ANYWHERE = {400, 405, 406, 408, 411, 413, 414, 415, 421, 431, 500, 503}
# Shapes of requests describe what to send; of what was sent an answer may show more.
SENT = {
    "SentRequest", "Input", "InputStep", "InputContent", "TextContent", "ImageContent", "VideoContent", "ContentStep",
    "Turn", "ThoughtStep", "SearchCallStep", "SearchResultStep", "ResponseFormat", "ImageFormat", "TextFormat",
    "GenerationConfig", "GoogleSearch", "SafetySetting", "JobWebhook",
}  # fmt: skip
_BUILDING = Lock()


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    operation: Json
    components: Json


def routes() -> tuple[Route, ...]:
    """The operations of both documents; the most particular addresses come first."""
    # Tests ask at the same instant too, and the documents are built by classes that are made as they are used.
    with _BUILDING:
        return _routes()


@cache
def _routes() -> tuple[Route, ...]:
    from cavendish.urls import DOCUMENTS

    found = []
    for build in DOCUMENTS.values():
        document = json.loads(json.dumps(build()))
        components = {**document["components"], "schemas": closed(document["components"]["schemas"])}
        for template, item in document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
            found += [
                Route(method.upper(), template, pattern, operation, components)
                for method, operation in item.items()
                if method != "parameters"
            ]
    return tuple(sorted(found, key=lambda route: (route.template.count("{"), -len(route.template))))


def closed(schemas: Json) -> Json:
    """The shapes with all of their fields in one place, and with no room for others."""
    flat = {}
    for name, schema in schemas.items():
        if name not in SENT and "allOf" in schema:
            base = schemas[schema["allOf"][0]["$ref"].rpartition("/")[2]]
            own = schema["allOf"][1]
            required = [*base.get("required", ()), *own.get("required", ())]
            schema = {"type": "object", "properties": {**base["properties"], **own["properties"]}, "required": required}
        room = {"additionalProperties": False} if name not in SENT and "properties" in schema else {}
        flat[name] = {**room, **schema}
    return flat


def routes_of(method: str, path: str) -> list[Route]:
    matching = [route for route in routes() if route.method == method and route.pattern.fullmatch(path)]
    return [route for route in matching if route.template == matching[0].template]


def check_answer(method: str, path: str, status: int, content_type: str, body: bytes, *, sent_key: str = "") -> None:
    """Fails where the answer is not as one of the documents says; addresses that are in none are passed over."""
    found = routes_of("GET" if method == "HEAD" else method, path.partition("?")[0])
    operator = sent_key.startswith("cvd_operator_")
    found = [route for route in found if ("operator" in json.dumps(_security(route))) == operator] or found
    if not found or method == "HEAD":
        return
    failures = [failure for route in found if (failure := _failure(route, status, content_type, body))]
    assert len(failures) < len(found), "\n".join(failures)


def _security(route: Route) -> Any:
    return route.operation.get("security", list(route.components["securitySchemes"])[:1])


def _failure(route: Route, status: int, content_type: str, body: bytes) -> str:
    """What is wrong with an answer; an empty text where nothing is."""
    place = f"{route.method} {route.template} {status}"
    response = route.operation["responses"].get(str(status))
    if response is None:
        if status not in ANYWHERE:
            return f"{place} is not in the document."
        if not route.template.startswith("/api/v1/"):
            return ""
        response = {"$ref": "#/components/responses/Problem"}
    name = response.get("$ref", "").rpartition("/")[2]
    response = route.components["responses"].get(name) or response
    content = response.get("content")
    if content is None:
        return f"{place}: no body is described, {len(body)} bytes came." if body else ""
    if not body and route.template.startswith("/upload/"):
        return ""  # an upload that goes on, of which the headers say all
    kind = content_type.partition(";")[0].strip()
    described = next((media for media in content if fnmatchcase(kind, media)), None)
    if described is None:
        return f"{place}: {kind} came, {', '.join(content)} is described."
    if "json" not in kind or "jsonl" in kind:
        return ""
    value = json.loads(body)
    schema = {**content[described]["schema"], "components": route.components}
    error = next(iter(Draft202012Validator(schema).iter_errors(value)), None)
    if error is not None:
        return f"{place}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:500]}"
    return ""


def watch_django_client() -> None:
    """From now on every answer that Django's test client gets is checked, DRF's too."""
    from django.test import Client

    original = Client.request

    def request(self: Client, **sent: Any) -> Any:
        answer = original(self, **sent)
        if answer.has_header("X-Cavendish-Wait") or answer.has_header("X-Cavendish-Stream") or answer.streaming:
            return answer  # what the layer in front makes of it is the answer
        environ = {**self.defaults, **sent}
        key = str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ")
        kind = answer.get("Content-Type", "")
        check_answer(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], answer.status_code, kind, answer.content, sent_key=key
        )
        return answer

    Client.request = request  # type: ignore[method-assign]
