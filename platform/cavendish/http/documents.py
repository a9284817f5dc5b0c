"""The OpenAPI documents: one for tenants' programs, one for operators', out of one description of all addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.views import APIView

from cavendish.http.apidoc import DESCRIPTION, OPERATORS_DESCRIPTION, TAGS
from cavendish.http.openapi import OPERATOR_ROLES, operations_of

Document = dict[str, Any]
CONTENT_TYPE = "application/vnd.oai.openapi+json"
_OPERATOR = "operator"
_SCOPE = re.compile(r" ?Scope: `\w+`\.$")
_building = Lock()


class Audience(StrEnum):
    """Whose keys open what a document describes."""

    TENANTS = "tenants"
    OPERATORS = "operators"


TITLES = {Audience.TENANTS: "Cavendish", Audience.OPERATORS: "Cavendish for operators"}
_DESCRIPTIONS = {Audience.TENANTS: DESCRIPTION, Audience.OPERATORS: OPERATORS_DESCRIPTION}


def info(title: str, description: str) -> Document:
    """Returns what every document begins with."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "v1",
            "description": description,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The operator of this platform", "url": settings.BASE_URL},
        },
        "servers": [{"url": settings.BASE_URL}],
    }


def native_document(patterns: tuple[Any, ...], audience: Audience) -> Document:
    """Returns the document of the native API, whose URL patterns these are, for an audience."""
    whole = _of_audience(_whole(patterns), audience)
    paths: Document = {}
    for path, item in whole["paths"].items():
        kept = {method: _for(operation, audience) for method, operation in item.items() if _is_for(operation, audience)}
        if kept:
            paths[path] = kept
    used = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    document = info(TITLES[audience], _DESCRIPTIONS[audience])
    document |= {"tags": [tag for tag in TAGS if tag["name"] in used], "paths": paths}
    document["security"] = _most_frequent_security(paths)
    for item in paths.values():
        _name_parameters_once(item)
    return {**document, "components": components_used(document, whole["components"])}


def components_used(document: Document, components: Document) -> Document:
    """Returns those components that the document leads to, over others too."""
    used: dict[str, Document] = {}
    waiting = list(_references(document["paths"]))
    while waiting:
        kind, name = waiting.pop()
        if name not in used.setdefault(kind, {}):
            used[kind][name] = components[kind][name]
            waiting.extend(_references(components[kind][name]))
    alternatives = [*document["security"]]
    for _, _, operation in operations_of(document):
        alternatives += operation.get("security", ())
    schemes = {name for each in alternatives for name in each}
    used["securitySchemes"] = {name: components["securitySchemes"][name] for name in schemes}
    return {kind: dict(sorted(named.items())) for kind, named in sorted(used.items())}


def _most_frequent_security(paths: Document) -> list[Document]:
    """Returns the keys that most operations take, which is left out of those operations: it is the document's own."""
    operations = [operation for item in paths.values() for operation in item.values()]
    texts = [json.dumps(operation["security"]) for operation in operations]
    most = max(set(texts), key=texts.count)
    for operation, text in zip(operations, texts, strict=True):
        if text == most:
            del operation["security"]
    return list(json.loads(most))


def _name_parameters_once(item: Document) -> None:
    """Moves the parameters that all operations of an address take to the address."""
    operations = list(item.values())
    common = [
        each
        for each in operations[0].get("parameters", ())
        if all(each in operation.get("parameters", ()) for operation in operations)
    ]
    if not common or len(operations) == 1:
        return
    for operation in operations:
        operation["parameters"] = [each for each in operation["parameters"] if each not in common]
        if not operation["parameters"]:
            del operation["parameters"]
    item["parameters"] = common


class OpenApiDocument(APIView):
    """A document, which is the same for everybody and made once."""

    authentication_classes = ()
    permission_classes = ()
    schema = None  # a document, not an operation
    build: Callable[[], Document] = dict

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_body(self.build), content_type=CONTENT_TYPE)


def _body(build: Callable[[], Document]) -> bytes:
    # Building changes what drf-spectacular keeps for itself.
    with _building:
        return _built(build)


@cache
def _built(build: Callable[[], Document]) -> bytes:
    return json.dumps(build(), separators=(",", ":"), ensure_ascii=False).encode()


@cache
def _whole(patterns: tuple[Any, ...]) -> Document:
    """Returns the description of all addresses, of both audiences."""
    generator = SchemaGenerator(patterns=list(patterns))  # type: ignore[no-untyped-call]
    whole: Document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return whole


def _of_audience(whole: Document, audience: Audience) -> Document:
    """Returns the description with the audience's shape where there is one for each (`schema.of_audience`)."""
    text = json.dumps(whole)
    for name, schema in whole["components"]["schemas"].items():
        each = [one.get("$ref", "").rpartition("/")[2] for one in schema.get("oneOf", ())]
        if each and name == f"Any{each[0]}":
            chosen = each[0] if audience is Audience.TENANTS else each[1]
            text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{chosen}"')
    copied: Document = json.loads(text)
    return copied


def _is_for(operation: Document, audience: Audience) -> bool:
    schemes = {name for each in operation["security"] for name in each}
    return bool(schemes - {_OPERATOR}) if audience is Audience.TENANTS else _OPERATOR in schemes


def _for(operation: Document, audience: Audience) -> Document:
    """Returns the operation with the keys that the audience has, and without what is for the other one alone."""
    shown = dict(operation)
    of_operators = audience is Audience.OPERATORS
    shown["security"] = [each for each in shown["security"] if (_OPERATOR in each) == of_operators]
    roles = shown.pop(OPERATOR_ROLES, None)
    if of_operators and roles is not None:
        text = _SCOPE.sub("", shown.get("description", ""))
        shown["description"] = f"{text} Roles: {', '.join(f'`{role}`' for role in roles)}.".strip()
        shown[OPERATOR_ROLES] = roles
    if not of_operators and "parameters" in shown:
        shown["parameters"] = [each for each in shown["parameters"] if not _asks_for_a_tenant(each)]
    return shown


def _asks_for_a_tenant(parameter: Document) -> bool:
    """Returns whether it is the query with which an operator asks for one tenant's."""
    if "$ref" in parameter:
        return str(parameter["$ref"]) == "#/components/parameters/tenant_id"
    return (parameter["in"], parameter["name"]) == ("query", "tenant_id")


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yields the kind and the name of each component that a part of a document refers to."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref" and isinstance(inner, str):
                _, _, kind, component = inner.split("/")
                yield kind, component
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
