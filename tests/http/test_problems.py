from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.handlers.exception import convert_exception_to_response
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from rest_framework import exceptions as drf

from cavendish.http.dialects import dialect_of
from cavendish.http.handlers import handler400, handler403, handler404, handler500
from cavendish.http.problems import (
    FieldError,
    Problem,
    Refusal,
    exception_handler,
    first_of,
    invalid,
    not_found,
    problem_of,
    shown,
    too_large,
    unavailable,
)


def body(problem: Problem) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(problem.body())
    return document


def test_body_has_exactly_the_members_of_the_contract() -> None:
    problem = invalid([FieldError("/response_format/image_size", "not_supported", "use 1K")])

    assert body(problem) == {
        "type": "urn:cavendish:problem:invalid_request",
        "title": "Invalid request",
        "status": 422,
        "code": "invalid_request",
        "detail": "use 1K",
        "errors": [{"pointer": "/response_format/image_size", "code": "not_supported", "detail": "use 1K"}],
    }
    assert problem.response().headers["Content-Type"] == "application/problem+json"
    assert problem.response().status_code == 422


def test_extra_members_and_headers_are_kept_but_cannot_replace_our_own() -> None:
    problem = Problem(
        402, "budget_exceeded", "Too little.", extra={"budget": "b_1", "status": 200}, headers={"X-A": "1"}
    )

    assert body(problem)["budget"] == "b_1"
    assert body(problem)["status"] == 402
    assert problem.response().headers["X-A"] == "1"
    assert body(problem)["title"] == "Budget exceeded"


@pytest.mark.parametrize("letter", ["x", "ü", "蕉", "🍌", "\x01", '"'])
def test_body_stays_under_4_kb_and_says_how_many_errors_are_missing(letter: str) -> None:
    errors = [FieldError(f"/input/{i}/{letter * 300}", "wrong_type", letter * 5000) for i in range(1000)]
    problem = Problem(422, "invalid_request", letter * 5000, errors=errors, extra={"more": letter * 9000})

    assert len(problem.body()) <= 4000
    document = body(problem)
    assert document["detail"].endswith(f"{len(document['errors'])} of 1000 errors are shown.")
    assert "more" not in document


def test_small_lists_of_errors_are_complete() -> None:
    errors = [FieldError(f"/metadata/{i}", "too_long", "at most 512 characters") for i in range(16)]

    assert len(body(invalid(errors))["errors"]) == 16
    assert body(invalid(errors))["detail"] == "16 values are wrong; the first: at most 512 characters"


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (Http404("Generation gen_1 of tenant acme"), 404, "not_found"),
        (drf.NotFound("Generation gen_1 of tenant acme"), 404, "not_found"),
        (PermissionDenied("secret reason"), 403, "permission_denied"),
        (drf.PermissionDenied(), 403, "permission_denied"),
        (drf.AuthenticationFailed("No such key."), 401, "authentication_failed"),
        (drf.NotAuthenticated(), 401, "not_authenticated"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (drf.NotAcceptable(), 406, "not_acceptable"),
        (drf.ParseError("JSON parse error - Expecting value: line 1"), 400, "malformed_json"),
        (drf.Throttled(wait=1.2), 429, "rate_limited"),
        (drf.APIException("sql: SELECT"), 500, "internal"),
        (RequestDataTooBig("limit"), 413, "too_large"),
        (OperationalError("connection to 10.0.0.1 failed"), 503, "unavailable"),
        (too_large("At most 5 bytes.", limit=5), 413, "too_large"),
        (unavailable(), 503, "unavailable"),
    ],
)
def test_exceptions_become_problems(exc: Exception, status: int, code: str) -> None:
    response = exception_handler(exc, {})

    assert response is not None
    assert response.status_code == status
    document = json.loads(response.content)
    assert (document["status"], document["code"]) == (status, code)
    for secret in (b"acme", b"secret", b"SELECT", b"10.0.0.1"):
        assert secret not in response.content


def test_every_not_found_is_the_same_to_the_byte() -> None:
    answers = {problem.body() for exc in (Http404("a"), drf.NotFound("b"), not_found()) if (problem := problem_of(exc))}

    assert len(answers) == 1


def test_retry_after_is_rounded_up() -> None:
    problem = problem_of(drf.Throttled(wait=1.2))

    assert problem is not None
    assert problem.headers == {"Retry-After": "2"}


def test_validation_errors_of_serializers_get_pointers() -> None:
    exc = drf.ValidationError(
        {
            "name": [drf.ErrorDetail("This field is required.", "required")],
            "items": [{}, {"a/b": [drf.ErrorDetail('"' + "x" * 500 + '" is not a valid choice.', "invalid_choice")]}],
            "non_field_errors": ["Give one of the two."],
        }
    )
    problem = problem_of(exc)

    assert problem is not None
    assert [(error.pointer, error.code) for error in problem.errors] == [
        ("/name", "required"),
        ("/items/1/a~1b", "invalid_choice"),
        ("", "invalid"),
    ]
    assert "x" * 81 not in problem.errors[1].detail
    assert problem.status == 422


@pytest.mark.parametrize("exc", [ValueError("prompt"), DatabaseError("prompt")])
def test_defects_are_left_to_django(exc: Exception) -> None:
    assert exception_handler(exc, {}) is None


def api(path: str) -> HttpRequest:
    return RequestFactory().get(path)


def test_django_handlers_answer_problems_under_api() -> None:
    for response, status in [
        (handler400(api("/api/v1/x"), ValueError("x")), 400),
        (handler403(api("/api/v1/x"), PermissionDenied()), 403),
        (handler404(api("/api/v1/x"), Http404("x")), 404),
        (handler500(api("/api/v1/x")), 500),
    ]:
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert json.loads(response.content)["status"] == status


def unanswered(path: str, error: Exception) -> HttpResponse:
    """As Django answers what middleware or a view that is not DRF's has raised."""

    def view(request: HttpRequest) -> HttpResponse:
        raise error

    answered = convert_exception_to_response(view)(api(path))
    assert isinstance(answered, HttpResponse)
    return answered


PATHS = ["/api/v1/generations", "/v1beta/interactions", "/v1beta/models/m:generateContent", "/openai/v1/models"]


@pytest.mark.parametrize("path", PATHS)
def test_an_outage_outside_of_the_views_is_one_too(path: str) -> None:
    dialect = dialect_of(path)
    assert dialect is not None
    response = unanswered(path, OperationalError())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.content == dialect.response(unavailable(), path).content
    assert unanswered(path, ValueError()).status_code == 500


def test_an_outage_is_none_of_our_errors_to_people_either() -> None:
    page = unanswered("/console/", OperationalError())
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert page.headers["Content-Type"].startswith("text/html")
    assert ">503<" in page.content.decode()
    assert ">500<" in unanswered("/console/", not_found()).content.decode()


def test_django_handlers_answer_pages_elsewhere() -> None:
    for response, status in [
        (handler400(api("/admin/"), ValueError("x")), 400),
        (handler403(api("/admin/"), PermissionDenied()), 403),
        (handler404(api("/admin/"), Http404("x")), 404),
        (handler500(api("/admin/")), 500),
    ]:
        assert response.status_code == status
        assert response.headers["Content-Type"].startswith("text/html")


PROGRAMS = [{"accept": "application/json"}, {"authorization": "Bearer x"}, {"x-goog-api-key": "x", "accept": "*/*"}]
BROWSERS = [{}, {"accept": "*/*"}, {"accept": "text/html,application/xhtml+xml,application/json;q=0.9"}]


@pytest.mark.parametrize("path", ["/chat/completions", "/models/gemini-3-pro-image:generateContent", "/admin/x"])
def test_programs_get_json_at_addresses_that_no_api_has(path: str) -> None:
    for headers in PROGRAMS:
        response = handler404(RequestFactory().get(path, headers=headers), Http404("x"))
        assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")
        assert "/v1beta" in json.loads(response.content)["detail"]
    for headers in BROWSERS:
        response = handler404(RequestFactory().get(path, headers=headers), Http404("x"))
        assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1k", '"1k"'),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        (10**100, "a very large number"),
        ({}, "an object"),
        ([], "a list"),
        (object(), "binary data"),
    ],
)
def test_values_are_shown_by_kind(value: object, words: str) -> None:
    assert shown(value) == words


def test_long_values_are_cut() -> None:
    assert len(shown("p" * 10_000)) <= 80


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "none"),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        (["a", "b", "c", "d"], "a, b, c or another of /models"),
        ([*"abc", *["d" * 100] * 100], "a, b, c or another of /models"),
    ],
)
def test_names_in_a_message_do_not_grow_with_what_there_is(names: list[str], text: str) -> None:
    assert first_of(names, see="/models") == text


def test_a_refusal_is_a_problem_with_the_status_and_code_of_its_class() -> None:
    class Full(Refusal):
        status_code, code_name = 429, "full"

    refusal = Full("Nothing fits.", extra={"limit": 3}, headers={"X-Limit": "3"}, retry_after=1.2)
    assert problem_of(refusal) is refusal
    assert (refusal.status, refusal.code, str(refusal)) == (429, "full", "Nothing fits.")
    assert json.loads(refusal.body())["limit"] == 3
    assert refusal.headers == {"X-Limit": "3", "Retry-After": "2"}
