"""A request's body on its way to Django: counted, timed, and held back while Django has enough to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from cavendish.http.problems import Problem
from cavendish.wait.asgi import Message, Receive
from cavendish.wait.bodies import Reservation
from cavendish.wait.judgement import body_too_large
from cavendish.wait.unpacking import Unpacking

WINDOW_SECONDS = 30.0
LEAST_AVERAGE = 32 * 1024
"""Bytes per second that a body beyond its first seconds must have come with, all in all."""


@dataclass(frozen=True)
class Pace:
    """In any WINDOW_SECONDS a body comes with `least_rate` bytes per second, or it is ended; so what stalls or drips is
    ended within twice that time. After `seconds` the average counts too, so that nothing takes hours.
    """

    least_rate: int = 8 * 1024
    seconds: float = 600.0


class Intake:
    """The request's `receive`, as Django has it. `refusal` is set where the body was given up: to Django it then looks
    as if the client had gone, so it drops what it has and answers nothing.

    The gate covers only the time between the whole body's arrival and the start of the answer, in which Django keeps a
    thread and a database connection; a slow upload or a slow reader does not occupy it.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        limit: int,
        timed: bool,
        pace: Pace,
        reservation: Reservation,
        gate: asyncio.Semaphore,
        coding: str | None = None,
    ) -> None:
        """`timed` is False where no body is announced: then there is nothing to wait for. With a `coding` the limit is
        that of the unpacked body too, and Django reads that."""
        self._receive = receive
        self._limit = limit
        self._timed = timed
        self._pace = pace
        self._reservation = reservation
        self._gate = gate
        self._unpacking = Unpacking(coding) if coding is not None else None
        self._pieces: Iterator[bytes] = iter(())
        self._unpacked = 0
        self._all_came = False
        self._inside = False
        self._left = False
        self._loop = asyncio.get_running_loop()
        self._complete = False
        self._count = 0
        self._began = self._window_ends = 0.0
        self._window_bytes = 0
        self.refusal: Problem | None = None

    async def receive(self) -> Message:
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._complete:
            return await self._receive()
        try:
            message = await (self._next() if self._unpacking is None else self._next_piece(self._unpacking))
            if message["type"] != "http.request":
                return message
        except Problem as refusal:
            self.refusal = refusal
            return {"type": "http.disconnect"}
        if not message.get("more_body", False):
            self._complete = True
            await self._gate.acquire()
            self._inside = True
        return message

    def leave(self) -> None:
        """Frees the place in the gate for good; safe to call again."""
        self._left = True
        self._step_out()

    def give_up(self) -> None:
        """Frees the place in the gate from the request's thread, as `cavendish.http.slots` has it."""
        self._loop.call_soon_threadsafe(self._step_out)

    def take_again(self) -> None:
        asyncio.run_coroutine_threadsafe(self._step_in(), self._loop).result()

    def _step_out(self) -> None:
        if self._inside:
            self._inside = False
            self._gate.release()

    async def _step_in(self) -> None:
        await self._gate.acquire()
        self._inside = True
        if self._left:
            self._step_out()

    async def _next(self) -> Message:
        """The next message of the client's, counted. Raises Problem."""
        message = await (self._in_time() if self._timed else self._receive())
        if message["type"] != "http.request":
            return message
        size = len(message.get("body", b""))
        self._count += size
        self._window_bytes += size
        if self._count > self._limit:
            raise body_too_large(self._limit)
        if size and self._unpacking is None:
            self._reservation.receive(size)
        return message

    async def _next_piece(self, unpacking: Unpacking) -> Message:
        """The same of an unpacked body, whose bytes are what is kept. Raises Problem."""
        while not (piece := next(self._pieces, b"")):
            if self._all_came:
                unpacking.close()
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._next()
            if message["type"] != "http.request":
                return message
            self._all_came = not message.get("more_body", False)
            self._pieces = unpacking.pieces(message.get("body", b""))
        self._unpacked += len(piece)
        if self._unpacked > self._limit:
            raise body_too_large(self._limit, unpacked=True)
        self._reservation.receive(len(piece))
        # Others have their turn between two pieces of a body that came at once.
        await asyncio.sleep(0)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def _in_time(self) -> Message:
        """Raises Problem 408."""
        loop = asyncio.get_running_loop()
        if not self._began:
            self._began = loop.time()
            self._window_ends = self._began + WINDOW_SECONDS
        while True:
            deadline = self._began + self._pace.seconds + self._count / LEAST_AVERAGE
            try:
                async with asyncio.timeout_at(min(self._window_ends, deadline)):
                    return await self._receive()
            except TimeoutError:
                if loop.time() >= deadline or self._window_bytes < self._pace.least_rate * WINDOW_SECONDS:
                    raise Problem(408, "body_too_slow", "The request body came too slowly, or not at all.") from None
                self._window_bytes = 0
                self._window_ends = loop.time() + WINDOW_SECONDS
