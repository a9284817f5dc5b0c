"""OpenAI's shape of an error, with the statuses that its libraries map to their exceptions.

    {"error": {"message": "…", "type": "invalid_request_error", "param": "size", "code": "unknown_value"}}

They send a request again after 408, 409, 429 and 5xx, so those are used only for what another try may heal. What fails
after it was accepted is a 400: sent again it would be spent again.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from django.http import JsonResponse
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.views import APIView, set_rollback

from cavendish.http.problems import Problem, not_found, problem_of
from generations.errors import ErrorCode

logger = logging.getLogger(__name__)

LONGEST_RETRY_AFTER = 8
MAX_MESSAGE_CHARS = 2000

_STATUS = {402: 403, 406: 400, 408: 400, 409: 400, 410: 404, 415: 400, 422: 400}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_NO_MONEY = frozenset({"budget_exceeded", "insufficient_balance"})
# An operator has to act first; until then every try ends the same.
_PERMANENT = frozenset({"price_missing"})
_CODES = {"not_authenticated": "invalid_api_key", "authentication_failed": "invalid_api_key"}


class OpenAIView(APIView):
    """Views whose errors are OpenAI's. The key is a bearer token, as `ApiKeyAuthentication` reads it."""

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            exc.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        problem = problem_of(exc)
        if problem is None:
            logger.error("A request failed.", exc_info=exc)
            problem = Problem(500, "internal", "Something went wrong on our side.")
        set_rollback()
        return problem_response(problem)


class Unknown(OpenAIView):
    """Every other address below /openai/."""

    authentication_classes = ()
    permission_classes = ()

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        return problem_response(not_found())


def problem_response(problem: Problem) -> JsonResponse:
    status = 400 if problem.code in _PERMANENT else _STATUS.get(problem.status, problem.status)
    details = list(dict.fromkeys(error.detail for error in problem.errors)) or [problem.detail]
    first = problem.errors[0] if problem.errors else None
    kind = "insufficient_quota" if problem.code in _NO_MONEY else _TYPES.get(status, "invalid_request_error")
    answer = error_response(
        status,
        message=" ".join(details)[:MAX_MESSAGE_CHARS],
        kind="server_error" if status >= 500 else kind,
        param=first.pointer.split("/")[1] if first and first.pointer else None,
        code=first.code if first else _CODES.get(problem.code, problem.code),
    )
    for name in ("WWW-Authenticate", "Allow"):
        if name in problem.headers:
            answer.headers[name] = problem.headers[name]
    if "Retry-After" in problem.headers and (status == 429 or status >= 500):
        seconds = math.ceil(float(problem.headers["Retry-After"]))
        answer.headers["Retry-After"] = str(min(max(seconds, 1), LONGEST_RETRY_AFTER))
    return answer


def error_response(status: int, *, message: str, kind: str, code: str, param: str | None = None) -> JsonResponse:
    return JsonResponse({"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status)


def failure_json(error: dict[str, Any] | None) -> dict[str, Any]:
    """The error of a job that ended without a picture, as OpenAI says it."""
    error = error or {"code": "canceled", "message": "The request was canceled."}
    blocked = error["code"] == ErrorCode.SAFETY_BLOCKED
    return {
        "message": error["message"],
        "type": "image_generation_user_error" if blocked else "image_generation_error",
        "param": None,
        "code": "content_policy_violation" if blocked else error["code"],
    }
