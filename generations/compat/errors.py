"""Google's shape of an error, with the statuses that the SDKs map to their exceptions (WIRE.md 6).

Statuses that the SDKs send again (408, 409, 429, 5xx) are used only for what another try may heal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.views import APIView, set_rollback

from accounts.api.authentication import GoogleKeyAuthentication
from cavendish.http.problems import Problem, problem_of

LONGEST_RETRY_AFTER = 8
"""Seconds: the JavaScript SDK waits no longer, whatever it is told (WIRE.md 1.5)."""

_STATUS = {402: 403, 405: 400, 406: 400, 409: 400, 413: 400, 415: 400, 422: 400}
_NAMES = {
    400: ("INVALID_ARGUMENT", "invalid_request"),
    401: ("UNAUTHENTICATED", "unauthenticated"),
    403: ("PERMISSION_DENIED", "permission_denied"),
    404: ("NOT_FOUND", "not_found"),
    429: ("RESOURCE_EXHAUSTED", "too_many_requests"),
    500: ("INTERNAL", "internal"),
    503: ("UNAVAILABLE", "unavailable"),
}


class GoogleView(APIView):
    """A view whose errors are Google's. Interactions say the code as a word, all else as a number with a status."""

    words = False
    authentication_classes = (GoogleKeyAuthentication,)

    def handle_exception(self, exc: Exception) -> Any:
        problem = problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        set_rollback()
        return error_response(problem, words=self.words)


def error_response(problem: Problem, *, words: bool) -> HttpResponse:
    status = _STATUS.get(problem.status, problem.status)
    name, word = _NAMES.get(status, _NAMES[500 if status >= 500 else 400])
    message = _message(problem)
    body: Mapping[str, Any] = {"code": word, "message": message}
    if not words:
        body = {"code": status, "message": message, "status": name}
    headers = {}
    if "Retry-After" in problem.headers:
        seconds = math.ceil(float(problem.headers["Retry-After"]))
        headers["Retry-After"] = str(min(max(seconds, 1), LONGEST_RETRY_AFTER))
    return JsonResponse({"error": body}, status=status, headers=headers)


def _message(problem: Problem) -> str:
    """All wrong values in one sentence each: the SDKs show the message and nothing else."""
    details = list(dict.fromkeys(error.detail for error in problem.errors)) or [problem.detail]
    return " ".join(details)[:2000]
