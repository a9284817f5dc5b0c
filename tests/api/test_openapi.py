"""The document and the answers say the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.accounts import FLASH, Account, Json, image, text

OPERATORS: list[Json] = [{"operator": []}]
EITHER = ("/api/v1/audit-events", "/api/v1/usage", "/api/v1/invoices", "/api/v1/credit-notes")


@pytest.fixture(scope="module")
def document(reader: Account) -> Json:
    found: Json = reader.http.get("/api/v1/openapi.json").json()
    return found


def native(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/") and method in {"get", "post", "put", "patch", "delete"}
    ]


def test_every_operation_takes_a_key_in_either_header(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"].keys() == {"bearer", "x-goog-api-key", "operator", "stream-token"}
    for method, path, operation in native(document):
        if operation["security"] != OPERATORS:
            either = OPERATORS if path.startswith(EITHER) and path != "/api/v1/usage/tags" else []
            token: list[Json] = [{"stream-token": []}] if path.endswith("/events") else []
            assert operation["security"] == [{"bearer": []}, {"x-goog-api-key": []}, *token, *either], (
                f"{method} {path}"
            )


def test_every_operation_has_a_name_and_its_problems(document: Json) -> None:
    operations = native(document)
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names) >= 17
    for method, path, operation in operations:
        answers = operation["responses"]
        wanted = {"401"} if operation["security"] == OPERATORS else {"401", "403"}
        assert wanted <= answers.keys(), f"{method} {path}"
        assert ("404" in answers) or "{" not in path, f"{method} {path}"
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], f"{method} {path} {status}"


def test_every_operation_of_a_tenants_key_says_what_it_knows_of_limits(reader: Account, document: Json) -> None:
    described = {"RateLimit-Policy", "RateLimit", "Retry-After"}
    assert document["components"]["headers"].keys() == {*described, "Idempotent-Replayed"}
    for method, path, operation in native(document):
        limited = {"bearer": []} in operation["security"]
        for status, answer in operation["responses"].items():
            named = set(answer.get("headers", {})) - {"Location"}
            retry = {"Retry-After"} if status == "429" else set()
            wanted = {"RateLimit-Policy", "RateLimit"} | retry if limited and status != "401" else set()
            assert wanted <= named, f"{method} {path} {status}"
        assert ("429" in operation["responses"]) or not limited, f"{method} {path}"


def test_what_comes_is_what_is_documented(reader: Account, document: Json) -> None:
    schemas: Json = document["components"]["schemas"]

    def check(value: Any, schema: Json, place: str) -> None:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        if "allOf" in schema:
            schema = next((one for one in schema["allOf"] if "$ref" in one), schema["allOf"][0])
            return check(value, schema, place)
        if isinstance(value, dict) and "properties" in schema:
            assert value.keys() <= schema["properties"].keys(), place
            assert set(schema.get("required", ())) <= value.keys(), place
            for name, inner in value.items():
                check(inner, schema["properties"][name], f"{place}/{name}")
        elif isinstance(value, list) and "items" in schema:
            for item in value:
                check(item, schema["items"], f"{place}/0")
        return None

    made = reader.make(
        input=[text(), image()],
        tools=[{"type": "google_search"}],
        generation_config={"thinking_level": "high"},
        response_format=None,
    )
    failed = reader.generate(input="x [[safety]]")
    quoted = reader.post("/api/v1/quotes", json={"model": FLASH, "input": "x"}).json()
    for value, name in (
        (made, "Generation"),
        (failed, "Generation"),
        (quoted, "Quote"),
        (reader.get("/api/v1/generations").json(), "GenerationPage"),
        (reader.get("/api/v1/outputs").json(), "OutputPage"),
        (reader.get("/api/v1/files").json(), "FilePage"),
        (reader.get("/api/v1/models").json(), "ModelPage"),
        (reader.get("/api/v1/generations/x").json(), "ProblemBody"),
    ):
        assert value.keys() == schemas[name]["properties"].keys(), name
        check(value, schemas[name], name)


def test_the_pages_of_the_document_are_open(reader: Account) -> None:
    answer = reader.http.get("/api/v1/docs")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/html")
