"""Errors in Google's two shapes: interactions have a word as code, everything else a number and a status name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

_WORDS = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "aborted",
    413: "payload_too_large",
    429: "too_many_requests",
    499: "cancelled",
    500: "internal",
    503: "unavailable",
    504: "gateway_timeout",
}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """An error response: HTTP `status`, a message in Google's wording, further headers."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class Cut(Exception):
    """The connection is to break here, in the middle of the body."""


def error_response(path: str, error: ApiError) -> Response:
    """Returns the response in the shape that Google uses at `path`."""
    return JSONResponse(_body(path, error), error.status, headers=error.headers)


def _body(path: str, error: ApiError) -> dict[str, Any]:
    fallback = 500 if error.status >= 500 else 400
    if "/interactions" in path:
        return {"error": {"message": error.message, "code": _WORDS.get(error.status, _WORDS[fallback])}}
    status = _STATUSES.get(error.status, _STATUSES[fallback])
    return {"error": {"code": error.status, "message": error.message, "status": status}}
