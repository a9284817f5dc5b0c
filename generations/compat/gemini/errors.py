"""Google's shape of an error, with the statuses that the official SDKs map to their exceptions.

    {"error": {"code": "invalid_request", "message": "…"}}                              under …/interactions
    {"error": {"code": 400, "message": "…", "status": "INVALID_ARGUMENT"}}              everywhere else

Statuses that the SDKs send again (408, 409, 429, 5xx) are used only for what another try may heal.
"""

from __future__ import annotations

import json
import math
import re

from accounts.idempotency.errors import KeyInProgress, KeyReused
from cavendish.http.dialects import Dialect, RenderedError
from cavendish.http.problems import Problem

CONTENT_TYPE = "application/json"
LONGEST_RETRY_AFTER = 8
"""Seconds: the JavaScript SDK waits no longer, whatever it is told."""
MAX_MESSAGE_CHARS = 2000

# Google has OpenAI's API below this prefix too, whose errors are OpenAI's.
_ADDRESSED = re.compile(r"/(?:upload/)?v1(?:beta1?|alpha)?(?:/(?!openai/)|$)")
_INTERACTIONS = re.compile(r"/v1(?:beta|alpha)?/interactions(?:/|$)")
# An operator has to act first; until then every try ends the same.
_PERMANENT = frozenset({"price_missing"})
# What the client's HTTP library may act on.
_AS_IT_IS = frozenset({KeyInProgress.code_name, KeyReused.code_name, "unsupported_encoding"})
_HEADERS = frozenset({"WWW-Authenticate", "Allow", "Accept-Encoding"})
_STATUS = {402: 403, 406: 400, 408: 400, 409: 400, 410: 404, 415: 400, 422: 400}
# What no repetition heals. Without a word that it has ended the SDKs send the same bytes of an upload three times more.
_ENDS_UPLOADS = frozenset({401, 403, 404, 405, 411, 413, 415})
_NAMES = {
    400: ("INVALID_ARGUMENT", "invalid_request"),
    401: ("UNAUTHENTICATED", "unauthenticated"),
    403: ("PERMISSION_DENIED", "permission_denied"),
    404: ("NOT_FOUND", "not_found"),
    405: ("INVALID_ARGUMENT", "method_not_allowed"),
    409: ("ABORTED", "aborted"),
    413: ("INVALID_ARGUMENT", "request_too_large"),
    422: ("INVALID_ARGUMENT", "invalid_request"),
    429: ("RESOURCE_EXHAUSTED", "too_many_requests"),
    499: ("CANCELLED", "cancelled"),
    500: ("INTERNAL", "internal"),
    503: ("UNAVAILABLE", "unavailable"),
    504: ("DEADLINE_EXCEEDED", "gateway_timeout"),
}


def is_google(path: str) -> bool:
    """Whether the address belongs to the API that the official SDKs call."""
    return _ADDRESSED.match(path) is not None


def google_error(problem: Problem, path: str) -> RenderedError:
    """A problem as Google writes it at this address."""
    status = 400 if problem.code in _PERMANENT else _STATUS.get(problem.status, problem.status)
    if problem.code in _AS_IT_IS:
        status = problem.status
    name, word = _NAMES.get(status, _NAMES[500 if status >= 500 else 400])
    error: dict[str, object] = {"code": word, "message": _message(problem)}
    if not _INTERACTIONS.match(path):
        error = {"code": status, "message": _message(problem), "status": name}
    headers = {key: value for key, value in problem.headers.items() if key in _HEADERS}
    if "Retry-After" in problem.headers and (status in {409, 429} or status >= 500):
        seconds = math.ceil(float(problem.headers["Retry-After"]))
        headers["Retry-After"] = str(min(max(seconds, 1), LONGEST_RETRY_AFTER))
    if path.startswith("/upload/") and problem.status in _ENDS_UPLOADS:
        headers["X-Goog-Upload-Status"] = "final"
    body = json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")
    return RenderedError(status, body, CONTENT_TYPE, headers)


def _message(problem: Problem) -> str:
    """All wrong values in one sentence each: the SDKs show the message and nothing else."""
    details = list(dict.fromkeys(error.detail for error in problem.errors)) or [problem.detail]
    return " ".join(details)[:MAX_MESSAGE_CHARS]


GOOGLE = Dialect(
    "google",
    is_google,
    google_error,
    every_origin=True,
    offers="Of Gemini's API there are interactions, models, files, batches and webhooks.",
)
