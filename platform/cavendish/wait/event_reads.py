"""Reads of events, shared: thousands of streams of one job are told of an event at once, and one query answers them."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from uuid import UUID

from cavendish.wait.database import Event, Source


class _Key(NamedTuple):
    tenant: UUID
    generation: UUID | None
    after: str
    limit: int


class EventReads:
    """Whoever asks joins a reading that has not begun yet, never one that runs: that one may have missed what the
    asker was told of. So of each there is one that runs and one that waits for it.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._running: dict[_Key, asyncio.Task[list[Event]]] = {}
        self._next: dict[_Key, asyncio.Task[list[Event]]] = {}

    async def events(self, *, tenant: UUID, generation: UUID | None, after: str, limit: int) -> list[Event]:
        """Returns what the source returns to a question that begins from now on."""
        key = _Key(tenant, generation, after, limit)
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._read(key))
            task.add_done_callback(_seen)
        # Whoever hangs up does not end it for the others.
        return await asyncio.shield(task)

    async def _read(self, key: _Key) -> list[Event]:
        before = self._running.get(key)
        if before is not None:
            await asyncio.wait({before})
        task = self._next.pop(key)
        self._running[key] = task
        try:
            return await self._source.events(**key._asdict())
        finally:
            if self._running.get(key) is task:
                del self._running[key]


def _seen(task: asyncio.Task[list[Event]]) -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()
