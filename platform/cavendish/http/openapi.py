"""How the OpenAPI document is written: texts from the views' docstrings, and what many operations share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema

from cavendish.http.shapes import DEFINED

Document = dict[str, Any]
OPERATOR_ROLES = "x-operator-roles"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class Schema(AutoSchema):
    """The first sentence of a method's docstring is the summary, the rest the description."""

    def get_summary(self) -> str | None:
        first, _, _ = self._docstring().partition(". ")
        return first.rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        _, _, rest = self._docstring().partition(". ")
        scope = getattr(self.view, "scopes", {}).get(self.method)
        keys = f"Scope: `{scope}`." if scope else ""
        return f"{rest} {keys}".strip()

    def get_operation(self, *args: Any, **kwargs: Any) -> Document | None:
        """Returns the operation, with the roles of operators that may call it as OPERATOR_ROLES, and their refusal."""
        operation: Document | None = super().get_operation(*args, **kwargs)
        permission = getattr(self.view, "operator_permissions", {}).get(self.method)
        if operation is not None and permission is not None:
            operation[OPERATOR_ROLES] = permission.roles
            operation["responses"].setdefault("403", _problem())
        return operation

    def _docstring(self) -> str:
        method = getattr(self.view, self.method.lower(), None)
        return " ".join(((method and method.__doc__) or "").split())


def operations_of(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yields the method, the path and the description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


_LIMIT_HEADERS = {
    "RateLimit-Policy": "The key's limits: `q` units in any `w` seconds; units are requests where `qu` is absent.",
    "RateLimit": "What is left of each limit: `r` units; more in `t` seconds.",
}
_RETRY_AFTER = "Seconds to wait before trying again."


def describe_limits(result: Document, **_: Any) -> Document:
    """Adds the headers and the 429 of rate limits to every operation of tenants' keys, as drf-spectacular's hook.

    Successes have the headers too, which the document says once: at each they would be a fifteenth of it.
    """
    described = {**_LIMIT_HEADERS, "Retry-After": _RETRY_AFTER}
    result["components"].setdefault("headers", {}).update(
        {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}
    )
    refs = {name: {"$ref": f"#/components/headers/{name}"} for name in described}
    for _method, _path, operation in operations_of(result):
        if {"bearer": []} not in operation.get("security", []):
            continue
        responses = operation["responses"]
        responses.setdefault("429", _problem())
        for status, response in responses.items():
            headers = refs if status == "429" else {name: refs[name] for name in _LIMIT_HEADERS}
            if status != "401" and int(status) >= 400:
                response.setdefault("headers", {}).update(headers)
    return result


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the request makes nothing anew and gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_REPLAYED = {"description": "`true` where an earlier request was answered again.", "schema": {"type": "string"}}


def describe_idempotency(result: Document, **_: Any) -> Document:
    """Adds the header and its refusals to every POST, as drf-spectacular's hook."""
    components = result["components"]
    components.setdefault("parameters", {})["IdempotencyKey"] = IDEMPOTENCY_KEY
    components.setdefault("headers", {})["Idempotent-Replayed"] = _REPLAYED
    for method, _path, operation in operations_of(result):
        if method != "post":
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


def define_shapes(result: Document, **_: Any) -> Document:
    """Adds the shapes that no serializer has, as drf-spectacular's hook."""
    result["components"]["schemas"] |= DEFINED
    return result


def describe_defaults(result: Document, **_: Any) -> Document:
    """Says defaults in words, as drf-spectacular's hook: generators make fields with a `default` required."""
    for schema in result["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if "default" in field:
                default = field.pop("default")
                if default != "":
                    text = f"Defaults to {json.dumps(default)}."
                    field["description"] = f"{field.get('description', '')} {text}".strip()
    return result


_FIELDS_WORTH_SHARING = 7


def derive_shapes(result: Document, **_: Any) -> Document:
    """Says of a shape that has all fields of another which more it has, as drf-spectacular's hook."""
    schemas = result["components"]["schemas"]
    whole = {name: schema for name, schema in schemas.items() if len(schema.get("properties", ())) > 0}
    for name, schema in whole.items():
        within = [base for base in whole if base != name and _has_all(whole[name], whole[base])]
        if within:
            base = max(within, key=lambda base: len(whole[base]["properties"]))
            schemas[name] = _derived(schema, base, whole[base])
    return result


def _has_all(schema: Document, base: Document) -> bool:
    fields, common = schema["properties"], base["properties"]
    if not _FIELDS_WORTH_SHARING <= len(common) < len(fields):
        return False
    required, also = set(schema.get("required", ())), set(base.get("required", ()))
    return also == required & common.keys() and all(fields.get(name) == shape for name, shape in common.items())


def _derived(schema: Document, name: str, base: Document) -> Document:
    more = {field: shape for field, shape in schema["properties"].items() if field not in base["properties"]}
    required = [field for field in schema.get("required", ()) if field in more]
    own: Document = {"type": "object", "properties": more} | ({"required": required} if required else {})
    described = {"description": schema["description"]} if "description" in schema else {}
    return {**described, "allOf": [{"$ref": f"#/components/schemas/{name}"}, own]}


def share_parts(result: Document, **_: Any) -> Document:
    """Names what many operations have in common, as drf-spectacular's last hook: answers without a body, parameters."""
    shared = result["components"].setdefault("responses", {})
    for _method, _path, operation in operations_of(result):
        responses = operation["responses"]
        for status, response in responses.items():
            failed = int(status) >= 400
            phrase = "`code` and `errors` say what is wrong." if failed else HTTPStatus(int(status)).phrase
            response["description"] = response.get("description") or phrase
            if failed or "content" not in response:
                name = _response_name(status, response)
                assert shared.setdefault(name, response) == response, f"Two responses would have the name {name}."
                responses[status] = {"$ref": f"#/components/responses/{name}"}
    _share_parameters(result)
    return result


def _response_name(status: str, response: Document) -> str:
    headers = response.get("headers", {})
    if "Retry-After" in headers:
        return "TooManyRequests"
    if int(status) >= 400:
        return "Problem" if headers else "BareProblem"
    name = HTTPStatus(int(status)).name.title().replace("_", "")
    return f"{name}Again" if headers else name


def _share_parameters(result: Document) -> None:
    """Parameters that many operations have stand once; where one name means several things, the most frequent does."""
    counted: Counter[str] = Counter(
        json.dumps(parameter)
        for _, _, operation in operations_of(result)
        for parameter in operation.get("parameters", ())
        if "$ref" not in parameter
    )
    named: dict[str, str] = {}
    for text, count in counted.most_common():
        parameter = json.loads(text)
        name = f"{parameter['name']}.path" if parameter["in"] == "path" else parameter["name"]
        if count > 2 and name not in named.values():
            named[text] = name
    result["components"].setdefault("parameters", {}).update({name: json.loads(text) for text, name in named.items()})
    for _, _, operation in operations_of(result):
        if parameters := operation.get("parameters"):
            operation["parameters"] = [
                {"$ref": f"#/components/parameters/{named[text]}"} if (text := json.dumps(each)) in named else each
                for each in parameters
            ]


def _problem() -> Document:
    body = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {"content": {"application/problem+json": body}, "description": ""}
