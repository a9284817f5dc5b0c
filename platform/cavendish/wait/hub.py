"""Who waits for what. One subscription per process wakes them; a slow poll behind it makes a lost message harmless."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from cavendish.messaging.subscription import Subscription
from cavendish.messaging.valkey import ENDED, EVENT
from cavendish.wait.database import Source

logger = logging.getLogger(__name__)

REMEMBER_SECONDS = 60.0
REMEMBER_COUNT = 20_000
POLL_SECONDS = 2.0
POLL_SECONDS_ALONE = 0.5
LATE_SECONDS = 5.0
MOST_OWED = 64
CANCEL_AGAIN_SECONDS = 0.5


@dataclass
class Counters:
    """What the hub saw since it was made, for metrics. `missed` is 0 in calm weather."""

    woken: int = 0  # waiters ended by a message
    polled: int = 0  # waiters ended by the poll while the subscription was away
    missed: int = 0  # waiters ended by the poll although the subscription stood and no message came within 5 s
    losses: int = 0  # times the subscription broke


class Bell:
    """Rings for one generation's stream, and knows whether it was told of events that it has not read yet."""

    def __init__(self) -> None:
        self._owed: set[str] = set()
        self._owed_unnamed = False
        self.ended_since: float | None = None
        self.rung = False
        self._waiter: asyncio.Future[None] | None = None

    def arm(self) -> None:
        """Forgets the rings so far. Arm first, then read, and no ring is lost in between."""
        self.rung = False

    async def wait(self, seconds: float) -> None:
        """Returns at the next ring, at once where one came since `arm`, when woken, or after `seconds`.

        One future and one timer: `asyncio.wait` costs three times as much, and thousands of streams wake at once.
        """
        if self.rung:
            return
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def wake(self, _: object = None) -> None:
        """Ends a wait without a ring: the client is gone, or time is over."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def owed(self) -> bool:
        """Told of an event and not read it: an older transaction is still open, and readers stay below it."""
        return bool(self._owed) or self._owed_unnamed

    def paid(self, cursors: Iterable[str]) -> None:
        """The stream has read these events."""
        cursors = set(cursors)
        self._owed -= cursors
        self._owed_unnamed = self._owed_unnamed and not cursors

    def forget(self) -> None:
        """What was told of was read before, or comes with the slow poll."""
        self._owed.clear()
        self._owed_unnamed = False

    def ring(self, cursor: str | None = None) -> None:
        """`cursor` is that of the new event, or "" where the message did not name it."""
        if cursor and len(self._owed) < MOST_OWED:
            self._owed.add(cursor)
        elif cursor is not None:
            self._owed_unnamed = True
        self.rung = True
        self.wake()

    def ring_ended(self) -> None:
        """The generation is terminal, whether or not the event that says so can be read yet."""
        if self.ended_since is None:
            self.ended_since = time.monotonic()
        self.ring()


class Hub:
    """Futures of waiting clients and bells of streams, by generation.

    `valkey_url` may be empty: then only the poll wakes, every 0.5 s instead of every 2 s. Starts with the first waiter
    or with `start()`; belongs to the event loop that it was started on.
    """

    def __init__(self, *, valkey_url: str, source: Source) -> None:
        self._source = source
        self._counters = Counters()
        self._waiters: dict[UUID, set[asyncio.Future[bool]]] = {}
        self._bells: dict[UUID, set[Bell]] = {}
        self._recent: OrderedDict[UUID, float] = OrderedDict()
        self._late: dict[UUID, tuple[float, int]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._poll_soon = asyncio.Event()
        self._draining = False
        self._leaving = False
        self._subscription = (
            Subscription(valkey_url, (ENDED, EVENT), on_message=self._heard, on_open=self._poll_soon.set)
            if valkey_url
            else None
        )

    @property
    def subscribed(self) -> bool:
        return self._subscription is not None and self._subscription.open

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def leaving(self) -> bool:
        """Whether what has no end of its own should end now."""
        return self._leaving

    @property
    def waiting_count(self) -> int:
        """Clients waiting now, streams not counted."""
        return sum(len(futures) for futures in self._waiters.values())

    @property
    def counters(self) -> Counters:
        self._settle_late()
        self._counters.losses = self._subscription.losses if self._subscription else 0
        return self._counters

    def start(self) -> None:
        if self._tasks or self._draining:
            return
        self._tasks.append(asyncio.create_task(self._poll(), name="wait-poll"))
        if self._subscription is not None:
            self._tasks.append(asyncio.create_task(self._subscription.run(), name="wait-subscription"))

    @contextmanager
    def waiting(self, generation: UUID) -> Iterator[asyncio.Future[bool]]:
        """A future that becomes True when the generation has ended, False when the process shuts down."""
        self.start()
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._ended_lately(generation):
            # It ended between the commit that accepted it and now; that message is over.
            future.set_result(True)
            self._counters.woken += 1
        elif self._draining:
            future.set_result(False)
        futures = self._waiters.setdefault(generation, set())
        futures.add(future)
        try:
            yield future
        finally:
            futures.discard(future)
            if not futures and self._waiters.get(generation) is futures:
                del self._waiters[generation]
            future.cancel()

    @contextmanager
    def listening(self, generation: UUID) -> Iterator[Bell]:
        """A bell that rings for each event of the generation, and when the hub learns that it has ended."""
        self.start()
        bell = Bell()
        bells = self._bells.setdefault(generation, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells and self._bells.get(generation) is bells:
                del self._bells[generation]

    def leave(self) -> None:
        """Ends streams that have no end of their own; those who wait for a job go on. The first step of a shutdown."""
        self._leaving = True
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()

    def drain(self) -> None:
        """Answers everyone who waits, now and from now on, with False; ends all streams."""
        self._draining = self._leaving = True
        for futures in self._waiters.values():
            _resolve(futures, False)
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()

    async def close(self) -> None:
        """Drains and gives up the subscription and the database connections."""
        self.drain()
        tasks, self._tasks = self._tasks, []
        pending = set(tasks)
        while pending:
            # Again and again: psycopg's pool waits with wait_for, which until Python 3.12 swallows a cancellation that
            # meets the end of what it waits for.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)
        await self._source.close()

    def _heard(self, channel: str, payload: str) -> None:
        text, _, cursor = payload.partition(" ")
        try:
            generation = UUID(hex=text)
        except ValueError:
            logger.warning("A wake-up on %s was no id and is ignored.", channel)
            return
        if channel == EVENT:
            for bell in self._bells.get(generation, ()):
                bell.ring(cursor)
            return
        self._remember(generation)
        _, late = self._late.pop(generation, (0.0, 0))
        self._counters.woken += late + _resolve(self._waiters.get(generation, set()), True)

    def _remember(self, generation: UUID) -> None:
        now = time.monotonic()
        self._recent[generation] = now
        self._recent.move_to_end(generation)
        oldest = next(iter(self._recent))
        while len(self._recent) > REMEMBER_COUNT or self._recent[oldest] < now - REMEMBER_SECONDS:
            del self._recent[oldest]
            oldest = next(iter(self._recent))

    def _ended_lately(self, generation: UUID) -> bool:
        heard = self._recent.get(generation)
        return heard is not None and heard > time.monotonic() - REMEMBER_SECONDS

    async def _poll(self) -> None:
        healthy = True
        while True:
            pause = POLL_SECONDS if self.subscribed else POLL_SECONDS_ALONE
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._poll_soon.wait()
            self._poll_soon.clear()
            self._settle_late()
            try:
                await self._poll_once()
                healthy = True
            except Exception as error:
                # Whatever PostgreSQL's trouble is, the waiters have their own time limits and the next poll comes.
                if healthy:
                    logger.warning("The poll for waiting clients failed: %s.", type(error).__name__)
                healthy = False

    async def _poll_once(self) -> None:
        ids = list(self._waiters.keys() | self._bells.keys())
        if not ids:
            return
        stood = self.subscribed
        for generation in await self._source.ended(ids):
            self._remember(generation)
            for bell in self._bells.get(generation, ()):
                bell.ring_ended()
            woken = _resolve(self._waiters.get(generation, set()), True)
            if not woken:
                continue
            if stood:
                # The message may still be on its way from the worker: only its absence makes this a miss.
                self._late[generation] = (time.monotonic(), woken)
            else:
                self._counters.polled += woken

    def _settle_late(self) -> None:
        now = time.monotonic()
        for generation, (since, count) in list(self._late.items()):
            if since < now - LATE_SECONDS:
                del self._late[generation]
                self._counters.missed += count


def _resolve(futures: set[asyncio.Future[bool]], result: bool) -> int:
    """Sets the result where none is set yet; answers for how many."""
    open_futures = [future for future in futures if not future.done()]
    for future in open_futures:
        future.set_result(result)
    return len(open_futures)
