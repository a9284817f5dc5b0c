"""One connection to the upstream: what came waits in pieces, and the loop stops reading as soon as one read waits.

asyncio's streams stop reading only when twice their limit waits, httpcore's backend when its task runs again; uvloop
reads a socket up to 32 times before that: 16 answers of 24 MB at once grew the process by 106 MB, here by a few.
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from contextlib import suppress
from typing import cast

import httpx

READ_SIZE = 240 * 1024
# An allocation of 128 KiB or more is new memory from the kernel each time, whose page faults cost more than the copy.
PIECE_SIZE = 120 * 1024
MOST_WAITING = 16 * 1024 * 1024
SMALL_READ = 16 * 1024


class Landing:
    """Where the reads of all connections of one loop land, one after the other, before they are cut into pieces.

    Each connection holds one read. Where a thousand answers come within the same seconds that would be a quarter of a
    gigabyte: once MOST_WAITING bytes wait for their tasks, reads are small, and the rest stays in the sockets.
    """

    def __init__(self) -> None:
        self.waiting = 0
        """Bytes that were read and that no task has taken yet."""
        self._whole = memoryview(bytearray(READ_SIZE))
        self._small = self._whole[:SMALL_READ]

    def room(self) -> memoryview:
        """Returns where the next read lands, as large as it may be."""
        return self._whole if self.waiting < MOST_WAITING else self._small

    def cut(self, count: int) -> list[bytes]:
        """Returns what has just landed."""
        self.waiting += count
        return [bytes(self._whole[start : min(start + PIECE_SIZE, count)]) for start in range(0, count, PIECE_SIZE)]


class Wire(asyncio.BufferedProtocol):
    """A connection of one task at a time. It raises httpx's exceptions."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._transport: asyncio.Transport | None = None
        self._paused = False  # the loop does not read
        self._full = False  # the loop has more to send than it likes
        self._waiter: asyncio.Future[bool] | None = None
        self._error: Exception | None = None
        self.waiting: deque[bytes] = deque()
        self.ended = False
        self.idle_until = 0.0  # in the loop's time, while it waits for the next call

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._landing.room()

    def buffer_updated(self, nbytes: int) -> None:
        self.waiting.extend(self._landing.cut(nbytes))
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool | None:
        self.ended = True
        self._wake()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._error = exc
        self._full = False
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # What the task calls

    async def read(self, timeout: float | None) -> bytes:
        """Returns the next piece, or nothing at the end."""
        if not self.waiting and not self.ended:
            self._resume()
        while not self.waiting and not self.ended:
            if not await self._woken(timeout):
                raise httpx.ReadTimeout("no bytes in time")
        if self.waiting:
            return self.take()
        if self._error is not None:
            raise httpx.ReadError(type(self._error).__name__)
        return b""

    def take(self) -> bytes:
        """Returns the piece that has waited longest. Raises IndexError where none waits."""
        piece = self.waiting.popleft()
        self._landing.waiting -= len(piece)
        return piece

    async def write(self, data: bytes, timeout: float | None, *, watch: bool) -> None:
        """Sends. Returns when the loop takes more, with `watch` also when something came meanwhile."""
        if self._transport is None or self.ended or self._transport.is_closing():
            raise httpx.WriteError("closed")
        self._transport.write(data)
        while self._full and not (watch and self.waiting):
            if not await self._woken(timeout):
                raise httpx.WriteTimeout("not sent in time")
        if self._error is not None:
            raise httpx.WriteError(type(self._error).__name__)

    def rest(self) -> None:
        """Begins to wait for the next call, and notices meanwhile when the peer closes."""
        self._resume()

    def usable(self) -> bool:
        """Whether the next call may be sent: on an idle connection, anything to read means that the peer closed it."""
        return not (self.ended or self.waiting or self._closing() or self._socket_is_readable())

    def abort(self) -> None:
        """Closes at once. Nobody will read the rest, and an orderly end would wait for a peer that hangs."""
        while self.waiting:
            self.take()
        if self._transport is not None:
            self._transport.abort()

    async def aclose(self) -> None:
        self.abort()
        await asyncio.sleep(0)  # abort() only begins: the loop closes the socket in its next round

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    async def _woken(self, timeout: float | None) -> bool:
        """Waits until something happens. Returns False when nothing did in time."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        alarm = loop.call_later(timeout, _give_up, waiter) if timeout is not None else None
        try:
            return await waiter
        finally:
            self._waiter = None
            if alarm is not None:
                alarm.cancel()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _socket_is_readable(self) -> bool:
        # The loop may not have seen the end yet.
        with suppress(OSError, ValueError, AttributeError):
            assert self._transport is not None
            poll = select.poll()
            poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
            return bool(poll.poll(0))
        return True


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
