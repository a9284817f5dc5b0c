"""The layer's two questions to PostgreSQL. A connection is held for one query, never while a client waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from cavendish.db.call import acall_rows, acall_values
from cavendish.db.pool import Pool

STREAM_READS = 3
"""Reads of events at once. The pool has a connection more, for those who wait for jobs to end."""


@dataclass(frozen=True)
class Event:
    """One row of the event table; `cursor` is opaque and orders the events of a generation."""

    cursor: str
    type: str
    data: dict[str, Any]
    at: datetime
    subject: UUID | None = None
    """What it is of, where events of many subjects are read."""
    livemode: bool = True
    """The mode of that; what both modes share is live."""
    frames: dict[UUID, bytes] = field(default_factory=dict, compare=False, repr=False)
    """As it goes to the streams of a generation, once made: thousands of them share one reading."""


class Source(Protocol):
    """What the hub and the streams ask; `Database` is the one that asks PostgreSQL."""

    async def ended(self, ids: Sequence[UUID]) -> set[UUID]: ...

    async def events(self, *, tenant: UUID, generation: UUID | None, after: str, limit: int) -> list[Event]: ...

    async def close(self) -> None: ...


class Database:
    """The `Source` over a small pool of the app role's connections, opened with the first query."""

    def __init__(self, make_pool: Callable[[], Pool]) -> None:
        """`make_pool()` returns an unopened `cavendish.db.pool.Pool`."""
        self._make_pool = make_pool
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()
        # Streams wait here for their turn, however many: in the pool's own queue they would give up after a while.
        self._streams = asyncio.Semaphore(STREAM_READS)

    async def _opened(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                pool = self._make_pool()
                await pool.open()
                self._pool = pool
        return self._pool

    async def ended(self, ids: Sequence[UUID]) -> set[UUID]:
        """Those of `ids` whose generation is terminal."""
        return set(await acall_values(await self._opened(), "generations_finished", list(ids)))

    async def events(self, *, tenant: UUID, generation: UUID | None, after: str, limit: int) -> list[Event]:
        """Up to `limit` events behind the cursor `after` ("" for the first), oldest first.

        Without `generation` those of everything that is the tenant's.
        """
        async with self._streams:
            pool = await self._opened()
            if generation is None:
                rows = await acall_rows(pool, "event_page_of_tenant", tenant, after, limit)
            else:
                rows = await acall_rows(pool, "event_page", tenant, generation, after, limit)
        return [Event(**row) for row in rows]

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close(timeout=2)
            self._pool = None
