"""Which request this is: its id, for answers, problems, log lines and jobs; and the trace that it belongs to.

An id comes with the request (`X-Request-Id`) or is made. A trace's comes as W3C's `traceparent`, or there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from cavendish.uuids import uuid7

HEADER = b"x-request-id"
TRACEPARENT = b"traceparent"
PREFIX = "req"

_TAKEN = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?")
# version, trace id, parent id, flags; versions after 00 may bring more (W3C Trace Context, section 3.2).
_TRACE = re.compile(rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


class Request(NamedTuple):
    """A request's id, and its trace's in 32 hexadecimal digits; "" for none."""

    id: str = ""
    trace_id: str = ""


NONE = Request()
_current: ContextVar[Request] = ContextVar("request", default=NONE)


def current_request() -> Request:
    """Returns the request that is being worked on, be it here or by the job it came as."""
    return _current.get()


def request_enter(request: Request) -> None:
    """Makes it the current one for the rest of this task or thread."""
    _current.set(request)


@contextmanager
def request_entered(request: Request) -> Iterator[None]:
    """Makes it the current one within the block."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def request_of(headers: Iterable[tuple[bytes, bytes]]) -> Request:
    """Returns the request that the headers (names in lower case) speak of, with a fresh id where they give none.

    One that is empty, longer than 256 characters or not printable ASCII is not taken.
    """
    request_id = trace_id = ""
    for name, value in headers:
        if name == HEADER and not request_id:
            request_id = taken(value)
        elif name == TRACEPARENT and not trace_id:
            trace_id = _trace_id(value)
    return Request(request_id or fresh(), trace_id)


def taken(value: bytes) -> str:
    """Returns a client's id, "" where it is none that we take."""
    return value.decode("ascii") if _TAKEN.fullmatch(value) else ""


def fresh() -> str:
    """Returns a new id, as other public ids: ordered by time."""
    return f"{PREFIX}_{uuid7().hex}"


def _trace_id(value: bytes) -> str:
    match = _TRACE.fullmatch(value.strip())
    if match is None or (match[1] == b"00" and match[3] is not None):
        return ""
    return match[2].decode("ascii")
