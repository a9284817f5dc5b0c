"""The worker's side of the SQL functions: short statements on pooled connections, none held while a job runs."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from psycopg_pool import PoolTimeout

from cavendish.db.pool import Pool, open_pool
from generations.work.job import Job

logger = logging.getLogger(__name__)

T = TypeVar("T")

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


class JobStore:
    """`system` works across tenants through definer functions; `app` acts for one tenant behind row-level security."""

    def __init__(self) -> None:
        self.system: Pool = open_pool("system", max_size=3)
        self.app: Pool = open_pool("default", max_size=8)

    async def open(self) -> None:
        await self.system.open(wait=True, timeout=30)
        await self.app.open(wait=True, timeout=30)

    async def close(self) -> None:
        await self.system.close()
        await self.app.close()

    async def register(self, *, name: str, worker: UUID, seconds: float, keep: list[UUID]) -> int:
        """Takes over `keep` from a dead predecessor of this name; answers how many of its other jobs were freed."""
        return int(await self._system("SELECT worker_register(%s, %s, %s, %s) AS it", name, worker, seconds, keep))

    async def heartbeat(self, *, worker: UUID, seconds: float) -> list[UUID] | None:
        """Jobs that were asked to stop; None when the lease is gone."""
        stop: list[UUID] | None = await self._system("SELECT worker_heartbeat(%s, %s) AS it", worker, seconds)
        return stop

    async def leave(self, *, worker: UUID, keep: list[UUID]) -> None:
        """Gives back all running jobs but `keep`, whose answers wait in the spool for a successor."""
        await self._system("SELECT worker_leave(%s, %s) AS it", worker, keep)

    async def disown(self, *, worker: UUID, known: list[UUID]) -> int:
        """Frees what runs in the books under this worker but not in it; answers how many."""
        return int(await self._system("SELECT worker_release(%s, 'claim lost', %s) AS it", worker, known))

    async def claim(self, *, worker: UUID, limit: int, room: int, idle: bool, batch: int) -> list[Job]:
        """Up to `limit` jobs that fit `room` bytes, of them at most `batch` items of batches."""
        async with self.system.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM generation_claim(%s, %s, %s, %s, %s, %s)",
                (worker, limit, room, idle, batch, settings.GENERATION_DEADLINE),
            )
            return [Job.from_row(row) for row in await cursor.fetchall()]

    async def upstream(self, job: Job, *, upstream_id: str, key: str, host: str) -> None:
        await self._app(
            "SELECT generation_upstream(%s, %s, %s, %s, %s, %s) AS it",
            job.tenant_id,
            job.id,
            job.lease_token,
            upstream_id,
            key,
            host,
        )

    async def requeue(self, job: Job, *, seconds: float, reason: str, failed: int) -> bool:
        return bool(
            await self._app(
                "SELECT generation_requeue(%s, %s, %s, %s, %s, %s) AS it",
                job.tenant_id,
                job.id,
                job.lease_token,
                seconds,
                reason,
                failed,
            )
        )

    async def finish(
        self, *, tenant_id: UUID, generation_id: UUID, attempt: int, token: UUID, result: dict[str, Any]
    ) -> str:
        """'ended', 'already' (a repeat) or 'lost' (somebody else has the job)."""
        return str(
            await self._app(
                "SELECT generation_finish(%s, %s, %s, %s, %s) AS it",
                tenant_id,
                generation_id,
                attempt,
                token,
                _without_nul(json.dumps(result)),
            )
        )

    async def _system(self, query: str, *values: Any) -> Any:
        return await self._one(self.system, query, values)

    async def _app(self, query: str, *values: Any) -> Any:
        return await self._one(self.app, query, values)

    async def _one(self, pool: Pool, query: str, values: tuple[Any, ...]) -> Any:
        async with pool.connection() as connection:
            cursor = await connection.execute(query, values)
            row = await cursor.fetchone()
        return row["it"] if row else None


def _without_nul(text: str) -> str:
    """A NUL is JSON, but PostgreSQL stores none; the replacement character says that something was there."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u0000", r"\1\\ufffd", text) if "\\u0000" in text else text


async def retrying(work: Callable[[], Awaitable[T]], *, seconds: float = math.inf) -> T:
    """Repeats what failed because PostgreSQL was away or a pooled connection was stale, for so long."""
    deadline = time.monotonic() + seconds
    pause = 0.05
    while True:
        try:
            return await work()
        except AWAY:
            if time.monotonic() + pause > deadline:
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
