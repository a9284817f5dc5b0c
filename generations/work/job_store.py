"""The worker's side of the SQL functions: short statements on pooled connections, none held while a job runs."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from django.conf import settings

from cavendish.db.call import Jsonb, acall, acall_rows
from cavendish.db.pool import Pool, open_pool
from cavendish.db.storable import storable, storable_json
from generations.contracts import GenerationResult, UpstreamCalls
from generations.work.away import is_away
from generations.work.job import Job
from generations.work.worker_state import WorkerState

logger = logging.getLogger(__name__)

T = TypeVar("T")


class JobStore:
    """`system` works across tenants through definer functions; `app` acts for one tenant behind row-level security."""

    def __init__(self, others_wait: Callable[[], None] = lambda: None) -> None:
        """`others_wait` is called when a job has ended and others of its tenant are queued.

        A backend that has ended a job holds 7 MB. An end takes 3 ms, so three do more than a worker's process can run,
        and of a hot tenant's jobs one ends at a time anyway. The loop that claims needs one, what it finds another.
        """
        self.others_wait = others_wait
        self.system: Pool = open_pool("system", max_size=2)
        self.app: Pool = open_pool("default", max_size=3)

    async def open(self) -> None:
        await self.system.open(wait=True, timeout=30)
        await self.app.open(wait=True, timeout=30)

    async def close(self) -> None:
        await self.system.close()
        await self.app.close()

    async def register(self, *, name: str, worker: UUID, seconds: float, keep: list[UUID]) -> int:
        """Takes over `keep` from a dead predecessor of this name; returns how many of its other jobs were freed."""
        return int(await acall(self.system, "worker_register", name, worker, seconds, keep))

    async def heartbeat(self, *, worker: UUID, seconds: float, state: WorkerState) -> list[UUID] | None:
        """Returns the jobs that were asked to stop; None when the lease is gone. `state` is for the operator's eyes."""
        stop: list[UUID] | None = await acall(self.system, "worker_heartbeat", worker, seconds, state)
        return stop

    async def leave(self, *, worker: UUID, keep: list[UUID], calls: list[UpstreamCalls]) -> None:
        """Gives back all running jobs but `keep`, whose answers wait in the spool for a successor.

        `calls` are those made for the jobs that are given back.
        """
        made = Jsonb(storable([_sent(made) for made in calls]))
        await acall(self.system, "worker_leave", worker, keep, made)

    async def disown(self, *, worker: UUID, known: list[UUID], older: float = 0.0) -> int:
        """Frees what runs under this worker's lease but not in it, since `older` seconds at least; returns how many."""
        return int(await acall(self.system, "worker_release", worker, "claim lost", known, older))

    async def claim(self, *, worker: UUID, limit: int, room: int, idle: bool, batch: int) -> list[Job]:
        """Returns up to `limit` jobs that fit `room` bytes, of them at most `batch` items of batches."""
        seconds = settings.GENERATION_DEADLINE
        rows = await acall_rows(self.system, "generation_claim", worker, limit, room, idle, batch, seconds)
        return [Job.from_row(row) for row in rows]

    async def upstream(self, job: Job, *, upstream_id: str, key: str, host: str) -> None:
        """Notes what names the upstream's job, so that a successor resumes it."""
        await acall(self.app, "generation_upstream", job.tenant_id, job.id, job.lease_token, upstream_id, key, host)

    async def requeue(self, job: Job, *, seconds: float, reason: str, failed: int, calls: UpstreamCalls) -> bool:
        """Gives a job back, not to be claimed for `seconds`; `failed` tries more count. False when it was lost."""
        owner = (job.tenant_id, job.id, job.lease_token)
        made = storable(_sent(calls))
        return bool(await acall(self.app, "generation_requeue", *owner, seconds, reason, failed, made))

    async def confirm(self, job: Job, *, worker: UUID) -> bool:
        """Returns whether a job that was handed to this worker is its own still."""
        return bool(await acall(self.system, "generation_confirm", worker, job.id, job.lease_token))

    async def give_back(self, job: Job, *, reason: str) -> bool:
        """Queues a job of which nothing was done. False when it was lost."""
        owner = (job.tenant_id, job.id, job.lease_token)
        return bool(await acall(self.app, "generation_give_back", *owner, reason))

    async def finish(
        self, *, tenant_id: UUID, generation_id: UUID, attempt: int, token: UUID, result: GenerationResult
    ) -> str:
        """Returns 'ended', 'already' (a repeat) or 'lost' (somebody else has the job)."""
        if calls := result.get("calls"):
            result = {**result, "calls": _sent(calls)}
        text = storable_json(result)
        [end] = await acall_rows(self.app, "generation_end", tenant_id, generation_id, attempt, token, text)
        if end["others_wait"]:
            self.others_wait()
        return str(end["outcome"])


def _sent(calls: UpstreamCalls) -> UpstreamCalls:
    """Returns the calls as they are sent now."""
    return {**calls, "sent_at": time.time()}


async def retrying(work: Callable[[], Awaitable[T]], *, seconds: float = math.inf) -> T:
    """Repeats what failed because PostgreSQL was away or a pooled connection was stale, for so many seconds."""
    deadline = time.monotonic() + seconds
    pause = 0.05
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_away(error) or time.monotonic() + pause > deadline:
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
