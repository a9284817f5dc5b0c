"""The OpenAPI documents: complete, small, without gaps. That answers are as they say is held at every call of the tests
(tests/openapi.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from cavendish.urls import DOCUMENTS
from generations.compat.gemini.views import GoogleView
from generations.compat.openai.views import OpenAIView
from tests.api.accounts import Account, Json
from tests.door.patterns import patterns, view_of
from tests.openapi import SENT

TENANTS, OPERATORS = "openapi.json", "openapi-operator.json"
OF_TENANTS: list[Json] = [{"bearer": []}, {"x-goog-api-key": []}]
OF_OPERATORS: list[Json] = [{"operator": []}]
METHODS = {"get", "post", "put", "patch", "delete"}
KILOBYTES = 260


@pytest.fixture(scope="module")
def documents() -> dict[str, Json]:
    return {name: json.loads(APIClient().get(f"/{name}").content) for name in (TENANTS, OPERATORS)}


def operations(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def resolved(document: Json, part: Json) -> Json:
    while "$ref" in part:
        _, _, kind, name = part["$ref"].split("/")
        part = document["components"][kind][name]
    return part


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_small_and_the_same_at_both_addresses(name: str) -> None:
    body = APIClient().get(f"/{name}").content
    assert len(body) <= KILOBYTES * 1024
    assert body == APIClient().get(f"/api/v1/{name}").content
    assert b'": ' not in body[:500]
    document = json.loads(body)
    assert document["openapi"] == "3.1.0"
    assert {"license", "contact", "description"} <= document["info"].keys()
    assert document["servers"]


def test_every_address_of_the_native_api_is_in_a_document(documents: dict[str, Json]) -> None:
    described = {
        (method, re.sub(r"\{\w+\}", "1", path))
        for document in documents.values()
        for method, path, _ in operations(document)
    }
    served = set()
    for path, entry in patterns():
        view, _ = view_of(entry)
        if not path.startswith("/api/v1/") or getattr(view, "schema", 0) is None:
            continue
        for method in METHODS & set(dir(view)) if isinstance(view, type) else ():
            served.add((method, path))
    assert len(served) > 150
    # Where a hook reads a picture, by an address that it was given.
    assert served - described == {("get", "/api/v1/outputs/1/review/1")}


def test_every_address_of_the_compatible_apis_is_in_their_document() -> None:
    """Once, below one of the prefixes that lead to it."""
    document = json.loads(APIClient().get("/openapi-compat.json").content)
    described = {(method, re.sub(r"\{\w+\}", "1", path)) for method, path, _ in operations(document)}
    views: dict[tuple[str, Any], set[str]] = {}
    for path, entry in patterns():
        view, _ = view_of(entry)
        if not (isinstance(view, type) and issubclass(view, (GoogleView, OpenAIView))):
            continue
        for method in METHODS & set(dir(view)):
            # What only the layer in front may ask, and what is a way to say 404.
            if view.__name__ != "OtherMethod" and (method != "get" or getattr(view, "scopes", {})["GET"] != "generate"):
                views.setdefault((method, view), set()).add(path)
    assert len(views) > 25
    for (method, view), paths in views.items():
        assert any((method, path) in described for path in paths), f"{method} {view.__name__}: {paths}"
    served = {(method, path) for (method, _), paths in views.items() for path in paths}
    assert described <= served


@pytest.mark.parametrize("name", [TENANTS, OPERATORS])
def test_every_operation_takes_the_keys_of_its_readers(documents: dict[str, Json], name: str) -> None:
    document = documents[name]
    expected = OF_TENANTS if name == TENANTS else OF_OPERATORS
    assert document["security"] == expected
    schemes = {"bearer", "x-goog-api-key", "stream-token"} if name == TENANTS else {"operator"}
    assert document["components"]["securitySchemes"].keys() == schemes
    for method, path, operation in operations(document):
        token: list[Json] = [{"stream-token": []}] if path.endswith("/events") else []
        assert operation.get("security", expected) == [*expected, *token], f"{method} {path}"


@pytest.mark.parametrize("name", [TENANTS, OPERATORS])
def test_every_operation_has_texts_a_name_and_its_problems(documents: dict[str, Json], name: str) -> None:
    document = documents[name]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names) >= 17
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations(document):
        place = f"{method} {path}"
        assert operation["summary"], place
        assert operation["description"], place
        assert set(operation["tags"]) <= tags, place
        responses = operation["responses"]
        assert ({"401"} if name == OPERATORS else {"401", "403"}) <= responses.keys(), place
        assert ("404" in responses) or "{" not in path, place
        for status, response in responses.items():
            if int(status) >= 400:
                assert response.keys() == {"$ref"}, f"{place} {status}"
                assert list(resolved(document, response)["content"]) == ["application/problem+json"], place


def test_every_operation_of_a_tenants_key_says_what_it_knows_of_limits(documents: dict[str, Json]) -> None:
    document = documents[TENANTS]
    described = {"RateLimit-Policy", "RateLimit", "Retry-After"}
    assert document["components"]["headers"].keys() == {*described, "Idempotent-Replayed"}
    for method, path, operation in operations(document):
        assert "429" in operation["responses"], f"{method} {path}"
        for status, response in operation["responses"].items():
            named = resolved(document, response).get("headers", {}).keys()
            retry = {"Retry-After"} if status == "429" else set()
            wanted = {"RateLimit-Policy", "RateLimit"} | retry if int(status) > 401 else set()
            assert wanted <= named, f"{method} {path} {status}"
    # Successes have them too: said once, for at each they would be a fifteenth of the document.
    assert {"RateLimit", "RateLimit-Policy"} <= set(re.findall(r"[\w-]+", document["info"]["description"]))


# In all other shapes of answers every field that is described comes each time: tests/openapi.py holds them to it.
# Those of requests that are shown again are as they were sent.
MAY_BE_MISSING = {
    "ProblemBody": {
        "budget", "limit", "policy", "reason", "required_permission", "required_scope", "role", "rule", "used",
        "violated_policies", "wallet",
    },
    "ItemError": {
        "budget", "limit", "policy", "reason", "required_scope", "rule", "status", "used", "violated_policies", "wallet"
    },
    "Notice": {"came", "count", "detail", "expected", "output", "reason", "use"},
    "TenantEvent": {"generation_id"},
    "GenerationEvent": {"attempt", "new", "old", "reason"},
    "GuardRuleWithSecret": {"secret"},
    "ApiKeyWithSecret": {"secret"},
    "OperatorKeyWithSecret": {"secret"},
    "OperatorWithPassword": {"password"},
    "WebhookEndpointWithSecret": {"secret"},
    "TemplateUse": {"language", "values", "version"},
    "DefaultBudget": {"alerts", "hard", "livemode"},
    "PostalAddress": {"line2", "postal_code", "region"},  # as it is sent
}  # fmt: skip


def test_which_fields_of_answers_may_be_missing(documents: dict[str, Json]) -> None:
    missing: dict[str, set[str]] = {}
    for document in documents.values():
        schemas = document["components"]["schemas"]
        for name in answered(document):
            for part in (schemas[name], *schemas[name].get("allOf", ())):
                if optional := part.get("properties", {}).keys() - set(part.get("required", ())):
                    missing.setdefault(name, set()).update(optional)
    assert missing == MAY_BE_MISSING


def answered(document: Json) -> set[str]:
    """The names of the shapes that answers have, down to the request that is shown again."""
    names: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, dict) and "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            if "/headers/" not in part["$ref"] and name not in names and name not in SENT:
                if "/schemas/" in part["$ref"]:
                    names.add(name)
                walk(resolved(document, part))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(inner)

    for _, _, operation in operations(document):
        walk(operation["responses"])
    return names


def gaps(value: Any, place: str = "") -> Iterator[str]:
    """The places where a document says nothing: no type, an empty schema, a list of anything; or a default."""
    if isinstance(value, dict):
        for field, shape in value.get("properties", {}).items() if "type" in value else ():
            if not shape.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf", "enum"}:
                yield f"{place}/{field} has no type"
            if "default" in shape:
                yield f"{place}/{field} has a default"
        if value.get("type") == "array" and not value.get("items"):
            yield f"{place} is a list of anything"
        for name, inner in value.items():
            if inner == {}:
                yield f"{place}/{name} is empty"
            yield from gaps(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if inner == {}:
                yield f"{place}/{index} is empty"
            yield from gaps(inner, f"{place}/{index}")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_left_open(name: str) -> None:
    document = json.loads(APIClient().get(f"/{name}").content)
    assert list(gaps({name: document[name] for name in ("paths", "components")})) == []


def test_a_compiler_knows_sizes_and_ratios(documents: dict[str, Json]) -> None:
    schemas = documents[TENANTS]["components"]["schemas"]
    assert schemas["ImageSize"]["enum"] == ["512", "1K", "2K", "4K"]
    assert {"1:1", "16:9", "8:1"} <= set(schemas["AspectRatio"]["enum"])
    assert schemas["ImageFormat"]["properties"]["image_size"] == {"$ref": "#/components/schemas/ImageSize"}
    request = schemas["GenerationRequest"]
    assert request["required"] == ["model"]
    parts = {"input": "Input", "response_format": "ResponseFormat", "generation_config": "GenerationConfig"}
    for field, shape in parts.items():
        assert json.dumps({"$ref": f"#/components/schemas/{shape}"}) in json.dumps(request["properties"][field]), field


def test_the_pages_of_the_document_are_open(reader: Account) -> None:
    answer = reader.http.get("/api/v1/docs")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/html")
