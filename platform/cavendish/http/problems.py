"""Errors as RFC 9457 problems: what is raised, how it is written, and how other exceptions become problems.

    {"type": "urn:cavendish:problem:invalid_request", "title": "Invalid request", "status": 422,
     "code": "invalid_request", "detail": "…", "errors": [{"pointer": "/input/3", "code": "too_many", "detail": "…"}],
     "request_id": "req_…"}

`code` is stable and meant for programs. A body stays under 4 kB, and contains no stack trace, no secret and no value of
the request longer than 80 characters.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework import exceptions as drf

from cavendish.db.away import is_away
from cavendish.storage import StorageAway, is_outage
from cavendish.storage.spool import FULL, is_machine_fault
from cavendish.telemetry.request_ids import current_request

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
MAX_BODY_BYTES = 4000
MAX_DETAIL_CHARS = 400
MAX_ERRORS = 40
MAX_ECHO_CHARS = 80
MAX_NAMES = 3
SPOOL_RETRY_SECONDS = 10.0

# Titles of codes that read badly as their own title with spaces, which every other code has.
TITLES = {
    "not_found": "Not found",
    "invalid_request": "Invalid request",
    "malformed_json": "Malformed JSON",
    "internal": "Internal error",
}


@dataclass(frozen=True)
class FieldError:
    """One wrong value: its JSON pointer (RFC 6901, "" is the whole body), a stable code, what would be right."""

    pointer: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"pointer": clip(self.pointer, 200), "code": self.code, "detail": clip(self.detail)}


class Problem(Exception):
    """An error response. `extra` are further members of the body, `headers` those of the response."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        title: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.title = title or TITLES.get(code) or code.replace("_", " ").capitalize()
        self.detail = detail or f"{self.title}."
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        super().__init__(f"{status} {code}")

    def body(self) -> bytes:
        """Returns the JSON document, at most MAX_BODY_BYTES.

        Where it would be larger, extra members are left out first, then the errors that do not fit.
        """
        extra, errors = self.extra, [error.as_json() for error in self.errors[:MAX_ERRORS]]
        document = _encode(self._members(extra, errors))
        if len(document) > MAX_BODY_BYTES and len(_encode(self._members(extra, []))) > MAX_BODY_BYTES:
            extra = {}
        while errors and len(document) > MAX_BODY_BYTES:
            errors.pop()
            document = _encode(self._members(extra, errors))
        return document

    def response(self) -> HttpResponse:
        return HttpResponse(self.body(), status=self.status, content_type=CONTENT_TYPE, headers=self.headers)

    def _members(self, extra: Mapping[str, Any], errors: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        detail = clip(self.detail)
        if len(errors) < len(self.errors):
            detail += f" {len(errors)} of {len(self.errors)} errors are shown."
        return {
            **extra,
            "type": f"urn:cavendish:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": detail,
            "errors": errors,
            **({"request_id": request_id} if (request_id := current_request().id) else {}),
        }


class Refusal(Problem):
    """Base of what services refuse. Each subclass has its status and its stable code, each instance the rest.

    Services raise it and nobody translates it: the handler of the dialect writes it (`exception_handler` below for
    the native API). `str()` of it is its detail, for pages, commands and logs.
    """

    status_code: ClassVar[int] = 409
    code_name: ClassVar[str] = "refused"

    def __init__(
        self,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`retry_after` is in seconds."""
        headers = {**(headers or {}), **_retry_after(retry_after)}
        super().__init__(self.status_code, self.code_name, detail, errors=errors, headers=headers, extra=extra)

    def __str__(self) -> str:
        return self.detail


def _encode(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")


def clip(text: str, limit: int = MAX_DETAIL_CHARS) -> str:
    """Returns the text with at most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shown(value: object) -> str:
    """Returns a value of the request as an error may repeat it: strings quoted and short, what is large by its kind."""
    if isinstance(value, str):
        return f'"{clip(value, MAX_ECHO_CHARS - 20)}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else "a very large number"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "binary data"


def first_of(names: Sequence[str], *, see: str, word: str = "or") -> str:
    """Returns "a, b or c", with `word` before the last name. Of more than MAX_NAMES, only the first ones and `see`, the
    address that lists all of them.
    """
    if len(names) > MAX_NAMES:
        return f"{', '.join(names[:MAX_NAMES])} {word} {'another' if word == 'or' else 'others'} of {see}"
    *most, last = names or ["none"]
    return f"{', '.join(most)} {word} {last}" if most else last


def not_found() -> Problem:
    """Returns the one 404 for what does not exist, was deleted, or belongs to another tenant."""
    return Problem(404, "not_found", "There is no such resource.")


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Returns 422 with every wrong value. The detail repeats the first one, for clients that only show the detail."""
    detail = errors[0].detail if errors else ""
    if len(errors) > 1:
        detail = f"{len(errors)} values are wrong; the first: {detail}"
    return Problem(422, "invalid_request", detail, errors=errors)


def invalid_value(pointer: str, code: str, detail: str) -> Problem:
    return invalid([FieldError(pointer, code, detail)])


def bad_request(code: str, detail: str) -> Problem:
    return Problem(400, code, detail)


def unauthorized(detail: str = "Give an API key as `Authorization: Bearer …` or `x-goog-api-key`.") -> Problem:
    return Problem(401, "not_authenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def forbidden(detail: str = "This key may not do that.", *, code: str = "permission_denied") -> Problem:
    return Problem(403, code, detail)


def conflict(code: str, detail: str) -> Problem:
    return Problem(409, code, detail)


def too_large(detail: str, *, limit: int) -> Problem:
    """Returns 413. `limit` is in bytes."""
    return Problem(413, "too_large", detail, extra={"limit": limit})


def too_many_requests(code: str, detail: str, *, retry_after: float | None = None) -> Problem:
    return Problem(429, code, detail, headers=_retry_after(retry_after))


def unavailable(detail: str = "The service is busy or restarting; try again.", *, retry_after: float = 2) -> Problem:
    return Problem(503, "unavailable", detail, headers=_retry_after(retry_after))


def internal() -> Problem:
    """Returns the problem of a defect of ours, of which the log has more."""
    return Problem(500, "internal", "Something went wrong on our side.")


def spool_refused(error: BaseException) -> Problem:
    """Returns the problem of a spool that is full (507) or takes nothing for another reason (503)."""
    number = getattr(error, "errno", None) or 0
    logger.error("The spool takes nothing: %s.", os.strerror(number))
    status, why = (507, "is full") if number in FULL else (503, "cannot be written")
    detail = f"The spool of this machine {why}; nothing was accepted. Try again."
    return Problem(status, "spool_unavailable", detail, headers=_retry_after(SPOOL_RETRY_SECONDS))


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Returns the response to an exception, as DRF's hook.

    None lets Django log a defect of ours and respond through `handler500`.
    """
    problem = problem_of(exc)
    if problem is None:
        return None
    # Here, since DRF's views import the authentication classes, which import this module.
    from rest_framework.views import set_rollback

    set_rollback()
    return problem.response()


def problem_of(exc: BaseException) -> Problem | None:
    """Returns the problem that an exception stands for, or None when it is a defect of ours."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, Http404 | drf.NotFound):
        return not_found()
    if isinstance(exc, PermissionDenied):
        return forbidden()
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "too_large", "The body is larger than this address takes.")
    if isinstance(exc, drf.APIException):
        return _of_drf(exc)
    if isinstance(exc, StorageAway) or (is_outage(exc) and not isinstance(exc, OSError)):
        logger.error("The storage answered %s", type(exc).__name__)
        return unavailable("The storage is away; try again.")
    if is_machine_fault(exc):
        return spool_refused(exc)
    if is_away(exc):
        # The message of a database error may repeat values, so only its class is logged.
        logger.error("The database answered %s", type(exc.__cause__ or exc).__name__)
        return unavailable()
    return None


_DRF_CODES: dict[type[drf.APIException], str] = {
    drf.NotAuthenticated: "not_authenticated",
    drf.AuthenticationFailed: "authentication_failed",
    drf.PermissionDenied: "permission_denied",
    drf.MethodNotAllowed: "method_not_allowed",
    drf.NotAcceptable: "not_acceptable",
    drf.UnsupportedMediaType: "unsupported_media_type",
    drf.Throttled: "rate_limited",
}


def _of_drf(exc: drf.APIException) -> Problem:
    headers: dict[str, str] = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    headers |= _retry_after(getattr(exc, "wait", None))
    if isinstance(exc, drf.ValidationError):
        problem = invalid(list(_flatten(exc.detail, "")))
        problem.headers |= headers
        return problem
    detail = _redact(str(exc.detail))
    if isinstance(exc, drf.ParseError):
        # The parser's own message may repeat what it could not read.
        code = "malformed_json" if detail.startswith("JSON") else "malformed_request"
        return Problem(400, code, "The body could not be read.", headers=headers)
    if exc.status_code >= 500:
        problem = internal()
        problem.status = exc.status_code
        problem.headers |= headers
        return problem
    code = next((name for kind, name in _DRF_CODES.items() if isinstance(exc, kind)), exc.default_code)
    return Problem(exc.status_code, str(code), detail, headers=headers)


def _flatten(detail: object, pointer: str) -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flatten(inner, pointer if name == "non_field_errors" else f"{pointer}/{escape(str(name))}")
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            # A list of messages belongs to one field; a list of objects to the items of a list.
            yield from _flatten(inner, f"{pointer}/{index}" if isinstance(inner, Mapping) else pointer)
    else:
        yield FieldError(pointer, str(getattr(detail, "code", "invalid")), _redact(str(detail)))


def escape(name: str) -> str:
    """Returns a name as one step of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


_LONG_WORD = re.compile(r"\"[^\"]{80,}\"|'[^']{80,}'|\S{80,}")


def _redact(text: str) -> str:
    """Returns a message of DRF without the long values that it quotes."""
    return _LONG_WORD.sub(lambda match: clip(match[0], MAX_ECHO_CHARS - 20), clip(text, 2 * MAX_DETAIL_CHARS))
