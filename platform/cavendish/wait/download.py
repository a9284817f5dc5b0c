"""Local files that a view has authorised: ranges, validators, and 256 KB at a time, whatever the file's size."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from cavendish.http.problems import Problem, unavailable
from cavendish.wait.asgi import (
    Headers,
    Receive,
    Scope,
    Send,
    header,
    send_body,
    send_problem,
    send_start,
    watching,
    without,
)

logger = logging.getLogger(__name__)

CHUNK_BYTES = 256 * 1024

_RANGE = re.compile(rb"bytes=\s*(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))\s*", re.ASCII | re.IGNORECASE)
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_OF_THE_BODY = frozenset({b"content-length", b"content-range", b"content-type", b"content-disposition"})
_REPLACED = frozenset({b"content-length", b"content-range", b"accept-ranges"})


class Unsatisfiable(Exception):
    """A well-formed range that lies outside the file."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end` of a file, `end` exclusive."""

    start: int
    end: int


def parse_range(value: bytes, size: int) -> Span | None:
    """The one range that `value` asks for, or None where the whole file is the answer (RFC 9110, section 14.2).

    Several ranges, other units and malformed values are ignored, as the RFC allows. Raises Unsatisfiable.
    """
    match = _RANGE.fullmatch(value)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        length = int(suffix)
        if length == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - length), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(int(last) + 1, size) if last else size)


def matches(if_none_match: bytes, etag: bytes | None) -> bool:
    """Weak comparison of a list of entity tags with the file's (RFC 9110, section 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    own = _TAG.fullmatch(etag or b"")
    return own is not None and own[1] in _TAG.findall(if_none_match)


def asked_range(
    method: str, asked: bytes | None, if_range: bytes | None, *, etag: bytes | None, modified: bytes | None = None
) -> bytes | None:
    """The Range header, unless If-Range says that it was meant for another version of the file."""
    if method != "GET":
        return None
    if asked is None or if_range is None:
        return asked
    strong = etag if etag is not None and not etag.startswith(b"W/") else None
    return asked if if_range.strip() in (strong, modified) else None


def not_satisfiable(size: int) -> tuple[Problem, str]:
    """The refusal of a range that lies outside a file of this size, and its Content-Range, in any dialect."""
    return Problem(416, "range_not_satisfiable", f"The file has {size} bytes."), f"bytes */{size}"


async def answer_file(path: Path, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the file at `path` under the headers of the view's own answer."""
    try:
        descriptor = await asyncio.to_thread(_open, path)
    except OSError as error:
        logger.error("A stored object cannot be read: %s (%s).", path, error.strerror)
        if isinstance(error, FileNotFoundError):
            problem = Problem(500, "storage_unavailable", "The file is recorded, but storage does not have it.")
        else:
            problem = unavailable("The storage is away; try again.")
        await send_problem(scope, send, problem, [])
        return
    try:
        await _answer(descriptor, without(headers, _REPLACED), scope, receive, send)
    finally:
        os.close(descriptor)


async def _answer(descriptor: int, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
    size = os.fstat(descriptor).st_size
    etag = header(headers, b"etag")
    condition = header(scope["headers"], b"if-none-match")
    if condition is not None and matches(condition, etag):
        await send_start(send, 304, without(headers, _OF_THE_BODY))
        await send_body(send)
        return
    headers.append((b"accept-ranges", b"bytes"))
    asked = asked_range(
        scope["method"],
        header(scope["headers"], b"range"),
        header(scope["headers"], b"if-range"),
        etag=etag,
        modified=header(headers, b"last-modified"),
    )
    try:
        span = parse_range(asked, size) if asked is not None else None
    except Unsatisfiable:
        problem, whole = not_satisfiable(size)
        await send_problem(scope, send, problem, [(b"content-range", whole.encode())])
        return
    status = 200 if span is None else 206
    if span is None:
        span = Span(0, size)
    else:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (span.start, span.end - 1, size)))
    headers.append((b"content-length", b"%d" % (span.end - span.start)))
    await send_start(send, status, headers)
    if scope["method"] == "HEAD":
        await send_body(send)
        return
    async with watching(receive) as gone:
        await _copy(descriptor, span, send, gone)


async def _copy(descriptor: int, span: Span, send: Send, gone: asyncio.Future[None]) -> None:
    """Sends the span; `send` waits while the client's buffer is full, so one chunk is in memory at a time."""
    position = span.start
    while position < span.end and not gone.done():
        chunk = await asyncio.to_thread(os.pread, descriptor, min(CHUNK_BYTES, span.end - position), position)
        if not chunk:
            raise OSError("A stored object became shorter while it was sent.")
        position += len(chunk)
        await send_body(send, chunk, more=position < span.end)
    if span.start == span.end:
        await send_body(send)


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(21, "not a regular file")
    return descriptor
