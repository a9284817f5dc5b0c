"""OpenAI's shape of an error, with the statuses that its libraries map to their exceptions.

    {"error": {"message": "…", "type": "invalid_request_error", "param": "size", "code": "unknown_value"}}

They send a request again after 408, 409, 429 and 5xx, so those are used only for what another try may heal.
"""

from __future__ import annotations

import json
import math

from accounts.idempotency.errors import KeyInProgress, KeyReused
from cavendish.http.dialects import Dialect, RenderedError
from cavendish.http.problems import Problem
from generations.compat.shared.pointer_map import dotted

PREFIXES = ("/openai/", *(f"/{version}/openai/" for version in ("v1", "v1beta", "v1alpha")))
"""Ours, and where Google's own compatible API is."""
CONTENT_TYPE = "application/json"
LONGEST_RETRY_AFTER = 8
"""Seconds; a client that waits for a picture had better try again than sleep."""
MAX_MESSAGE_CHARS = 2000

_STATUS = {402: 403, 406: 400, 408: 400, 409: 400, 410: 404, 415: 400, 422: 400}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_NO_MONEY = frozenset({"budget_exceeded", "insufficient_balance"})
# An operator has to act first; until then every try ends the same.
_PERMANENT = frozenset({"price_missing"})
# What the client's HTTP library may act on.
_AS_IT_IS = frozenset({KeyInProgress.code_name, KeyReused.code_name, "unsupported_encoding"})
_HEADERS = frozenset({"WWW-Authenticate", "Allow", "Accept-Encoding"})
_CODES = {
    "not_authenticated": "invalid_api_key",
    "authentication_failed": "invalid_api_key",
    "rate_limited": "rate_limit_exceeded",
}


def is_openai(path: str) -> bool:
    return path.startswith(PREFIXES)


def openai_error(problem: Problem, path: str) -> RenderedError:
    """A problem as OpenAI writes it. `param` is the field that the first error is in."""
    status = 400 if problem.code in _PERMANENT else _STATUS.get(problem.status, problem.status)
    if problem.code in _AS_IT_IS:
        status = problem.status
    kind = "insufficient_quota" if problem.code in _NO_MONEY else _TYPES.get(status, "invalid_request_error")
    details = list(dict.fromkeys(error.detail for error in problem.errors)) or [problem.detail]
    first = problem.errors[0] if problem.errors else None
    body = error_body(
        message=" ".join(details)[:MAX_MESSAGE_CHARS],
        kind="server_error" if status >= 500 else kind,
        param=dotted(first.pointer) if first and first.pointer else None,
        code=first.code if first else _CODES.get(problem.code, problem.code),
    )
    headers = {key: value for key, value in problem.headers.items() if key in _HEADERS}
    if "Retry-After" in problem.headers and (status in {409, 429} or status >= 500):
        seconds = math.ceil(float(problem.headers["Retry-After"]))
        headers["Retry-After"] = str(min(max(seconds, 1), LONGEST_RETRY_AFTER))
    return RenderedError(status, body, CONTENT_TYPE, headers)


def error_body(*, message: str, kind: str, code: str, param: str | None = None) -> bytes:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")


OPENAI = Dialect(
    "openai",
    is_openai,
    openai_error,
    every_origin=True,
    offers="Of OpenAI's API there are images/generations, images/edits, chat/completions and models.",
)
