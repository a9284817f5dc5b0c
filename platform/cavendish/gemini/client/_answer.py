"""Answers in HTTP/1.1, parsed in C: the head as soon as it is whole, the body piece by piece as it comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import httptools
import httpx

from cavendish.gemini.client._wire import Wire

LONGEST_HEAD = 100 * 1024
_HEAD_END = re.compile(rb"\n\r?\n")
_START = b"HTTP/"


class Head:
    """The head of an answer while it comes. Interim answers (1xx) are passed over."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._held = b""
        self._begin()
        self.complete = False
        self.rest = b""  # what came behind the head

    @property
    def status(self) -> int:
        return self.parser.get_status_code()

    @property
    def version(self) -> bytes:
        return b"HTTP/" + self.parser.get_http_version().encode()

    def add(self, piece: bytes) -> None:
        """Takes what came next. Raises httpx.RemoteProtocolError."""
        held = self._held + piece if self._held else piece
        while not self.complete:
            if not held.startswith(_START[: len(held)]):
                raise httpx.RemoteProtocolError("not HTTP")
            # The end may lie over the border of two pieces.
            match = _HEAD_END.search(held, max(0, len(self._held) - 3))
            if (match.end() if match else len(held)) > LONGEST_HEAD:
                raise httpx.RemoteProtocolError("the head is too long")
            if not match:
                self._held = held
                return
            self._parse(held[: match.end()])
            self._held, held = b"", held[match.end() :]
            if self.status >= 200 or self.status == 101:
                self.complete, self.rest = True, held
            elif not held:
                self._begin()
                return
            else:
                self._begin()

    def length(self) -> int | None:
        """Returns the bytes of the body; None where it is chunked, or ends with the connection."""
        if self._method == "HEAD" or self.status in (101, 204, 304):
            return 0
        lengths = [value for name, value in self.headers if name.lower() == b"content-length"]
        return int(lengths[0]) if lengths and not self.chunked() else None

    def chunked(self) -> bool:
        """Whether the body is chunked. Raises httpx.RemoteProtocolError for any other transfer encoding."""
        codings = [value.strip().lower() for name, value in self.headers if name.lower() == b"transfer-encoding"]
        if codings not in ([], [b"chunked"]):
            raise httpx.RemoteProtocolError("a transfer encoding that we did not accept")
        return bool(codings)

    def _begin(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.reason = b""
        self.keeps = False
        self.parser = httptools.HttpResponseParser(self)
        # Some servers end lines with a newline alone.
        self.parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)

    def _parse(self, head: bytes) -> None:
        try:
            self.parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self.keeps = False
        except httptools.HttpParserError as error:
            raise httpx.RemoteProtocolError(type(error).__name__) from None

    # What the parser calls

    body: Callable[[bytes], None] | None = None
    ended = False

    def on_message_begin(self) -> None:
        if self.ended:  # another answer, which nobody asked for
            self.keeps = False

    def on_status(self, status: bytes) -> None:
        if not self.complete:
            self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:  # later ones are trailers
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.complete:
            self.keeps = self.parser.should_keep_alive() and self.parser.get_http_version() == "1.1"

    def on_body(self, body: bytes) -> None:
        if self.body is not None:
            self.body(body)

    def on_message_complete(self) -> None:
        self.ended = True


class AnswerBody(httpx.AsyncByteStream):
    """The body of an answer. `done(keeps)` is called once: at its end, or when it is given up."""

    def __init__(self, wire: Wire, head: Head, timeout: float | None, done: Callable[[bool], None]) -> None:
        self._wire = wire
        self._head = head
        self._timeout = timeout
        self._done: Callable[[bool], None] | None = done
        self._length = head.length()
        if self._length == 0:
            self._end(head.keeps and not head.rest)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._length == 0:
            return
        head = self._head
        if self._length is not None:
            pieces = self._counted(self._length)
        else:
            pieces = self._chunked() if head.chunked() else self._until_the_end()
        try:
            async for piece in pieces:
                yield piece
        except BaseException:
            self._end(False)
            raise

    async def aclose(self) -> None:
        if self._done is not None:
            self._end(False)
            await self._wire.aclose()

    async def _counted(self, left: int) -> AsyncIterator[bytes]:
        piece = self._head.rest
        while True:
            if len(piece) >= left:
                self._end(self._head.keeps and len(piece) == left)
                yield piece[:left]
                return
            if piece:
                left -= len(piece)
                yield piece
            piece = await self._next()
            if not piece:
                raise httpx.RemoteProtocolError("cut")

    async def _chunked(self) -> AsyncIterator[bytes]:
        head, found = self._head, list[bytes]()
        head.body = found.append
        piece, idle = head.rest, 0
        while True:
            if piece:
                try:
                    head.parser.feed_data(piece)
                except httptools.HttpParserError as error:
                    head.keeps = False
                    if not head.ended:
                        raise httpx.RemoteProtocolError(type(error).__name__) from None
                idle = 0 if found else idle + len(piece)
                if idle > LONGEST_HEAD:
                    raise httpx.RemoteProtocolError("the trailers are too long")
            if head.ended:
                self._end(head.keeps)
            for part in found:
                yield part
            found.clear()
            if head.ended:
                return
            piece = await self._next()
            if not piece:
                raise httpx.RemoteProtocolError("cut")

    async def _until_the_end(self) -> AsyncIterator[bytes]:
        piece = self._head.rest
        while True:
            if piece:
                yield piece
            piece = await self._next()
            if not piece:
                self._end(False)
                return

    async def _next(self) -> bytes:
        if self._done is None:
            raise httpx.ReadError("closed")
        return await self._wire.read(self._timeout)

    def _end(self, keeps: bool) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(keeps)
