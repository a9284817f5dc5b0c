"""Jobs that ended without an answer, in the statuses that Google has for it."""

from __future__ import annotations

import json

import pytest

from generations.compat.gemini.content.representation import ANSWERED, failure_of
from generations.compat.gemini.errors import google_error
from generations.errors import ErrorCode
from generations.models import Generation, GenerationContent, Status
from generations.selectors import GenerationDetail

STATUSES = {
    ErrorCode.UPSTREAM_UNAVAILABLE: (503, "UNAVAILABLE"),
    ErrorCode.DEADLINE_EXCEEDED: (504, "DEADLINE_EXCEEDED"),
    ErrorCode.INTERNAL: (500, "INTERNAL"),
    ErrorCode.UPSTREAM_REJECTED: (400, "INVALID_ARGUMENT"),
    None: (499, "CANCELLED"),
}


def ended(status: Status, code: ErrorCode | None) -> GenerationDetail:
    error = {"code": code.value, "message": "It went wrong."} if code else None
    generation = Generation(status=status, error=error)
    return GenerationDetail(generation, GenerationContent(content=[]), [], None, None, None, None, [])


@pytest.mark.parametrize("code", [*ErrorCode, None])
def test_every_failure_is_an_answer_or_an_error(code: ErrorCode | None) -> None:
    problem = failure_of(ended(Status.FAILED if code else Status.CANCELED, code))
    if code in ANSWERED:
        assert problem is None
        return
    assert problem is not None
    error = google_error(problem, "/v1beta/models/x:generateContent")
    body = json.loads(error.body)["error"]
    assert (error.status, body["status"]) == (body["code"], body["status"]) == STATUSES[code]


def test_a_success_is_no_failure() -> None:
    assert failure_of(ended(Status.SUCCEEDED, None)) is None
