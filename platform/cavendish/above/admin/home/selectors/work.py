"""What waits, who works, and the upstream keys of the pool."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from cavendish.above.admin.home.selectors.window import Normal, Window, json_of, normal_of, rows
from cavendish.gemini.client import key_fingerprint

Gauges = dict[str, dict[datetime, tuple[Decimal, Decimal]]]


@dataclass(frozen=True)
class TierQueue:
    """Jobs of a tier that wait; `is_batch` are items of batches."""

    tier: str
    is_batch: bool
    waiting: int
    oldest_seconds: float


@dataclass(frozen=True)
class Queue:
    """Jobs that could run now and wait for a worker; those that the upstream asked to come later are `delayed`."""

    waiting: int
    oldest_seconds: float
    """Of jobs that somebody waits for; items of batches wait by design."""
    delayed: int
    tiers: list[TierQueue]
    hours: list[int]
    """The most that waited at a look in each of 24 hours before the current one; 0 where nobody looked."""
    normal_oldest: Normal | None
    """Of the longest wait in an hour, over seven days, in seconds."""
    running: int
    running_batch: int
    """Items of batches among them."""
    overdue: int
    """Running jobs whose deadline is over by more than half a minute."""


@dataclass(frozen=True)
class WorkerState:
    """A worker process. `slots` is what it can run at once; it is well as long as it renews its lease."""

    id: UUID
    name: str
    is_well: bool
    seen_seconds: float
    """Since its last heartbeat."""
    started_at: datetime
    running: int
    slots: int


@dataclass(frozen=True)
class Workers:
    workers: list[WorkerState]

    @property
    def well(self) -> int:
        return sum(worker.is_well for worker in self.workers)

    @property
    def running(self) -> int:
        return sum(worker.running for worker in self.workers)

    @property
    def slots(self) -> int:
        return sum(worker.slots for worker in self.workers if worker.is_well)


@dataclass(frozen=True)
class UpstreamKey:
    """A key of the pool by its fingerprint: `free`, `cooling` (the upstream limits it) or `refused`.

    Each worker has its own view; the worst counts, and calls and errors of the hour (UTC) are all workers' together.
    """

    fingerprint: str
    state: str
    until: datetime | None
    last_status: int | None
    calls: int
    errors: int


@dataclass(frozen=True)
class UpstreamKeys:
    """`keys` is empty where no upstream key is set and jobs run on the sandbox."""

    keys: list[UpstreamKey]

    @property
    def cooling(self) -> list[UpstreamKey]:
        return [key for key in self.keys if key.state != "free"]


_JOBS = """
    SELECT 'queued', g.tier, g.priority, NULL::uuid, count(*) FILTER (WHERE g.run_after <= %(now)s),
           count(*) FILTER (WHERE g.run_after > %(now)s), min(g.run_after), 0
    FROM generations_generation g WHERE g.status = 'queued' GROUP BY 2, 3
    UNION ALL
    SELECT 'running', '', g.priority, g.worker, count(*), 0, NULL,
           count(*) FILTER (WHERE g.deadline_at < %(now)s - interval '30 seconds')
    FROM generations_generation g WHERE g.status = 'running' GROUP BY 3, 4"""
_WORKERS = "SELECT w.id, w.name, w.started_at, w.expires_at, w.state FROM generations_worker w ORDER BY w.name"


def queue(window: Window, gauges: Gauges) -> tuple[Queue, dict[UUID, int]]:
    """Returns the queue, and how many jobs each worker runs. One statement, over what waits and runs."""
    tiers, running, batch, overdue, delayed = [], defaultdict[UUID, int](int), 0, 0, 0
    for status, tier, priority, worker, jobs, later, since, late in rows(_JOBS, {"now": window.now}):
        if status == "queued":
            delayed += later
            if jobs:
                seconds = max((window.now - since).total_seconds(), 0.0)
                tiers.append(TierQueue(tier, priority == 1, jobs, seconds))
        else:
            running[worker] += jobs
            batch += jobs if priority == 1 else 0
            overdue += late
    tiers.sort(key=lambda row: (row.is_batch, row.tier))
    depth, oldest = gauges.get("queue_waiting", {}), gauges.get("queue_oldest_seconds", {})
    whole = Queue(
        waiting=sum(row.waiting for row in tiers),
        oldest_seconds=max((row.oldest_seconds for row in tiers if not row.is_batch), default=0.0),
        delayed=delayed,
        tiers=tiers,
        hours=[int(depth[hour][1]) if hour in depth else 0 for hour in window.trend()],
        normal_oldest=normal_of([float(peak) for _, peak in oldest.values()]),
        running=sum(running.values()),
        running_batch=batch,
        overdue=overdue,
    )
    return whole, running


def workers_and_keys(window: Window, running: dict[UUID, int]) -> tuple[Workers, UpstreamKeys]:
    """Returns the worker processes, and what they last said of the upstream's keys. One statement."""
    found: list[WorkerState] = []
    said: dict[str, list[dict[str, Any]]] = {fingerprint: [] for fingerprint in fingerprints()}
    for id, name, started_at, expires_at, state in rows(_WORKERS, {}):
        left = (expires_at - window.now).total_seconds()
        seen = settings.LEASE_SECONDS - left
        told = json_of(state)
        found.append(
            WorkerState(
                id=id,
                name=name,
                is_well=left > 0 and seen < settings.LEASE_SECONDS / 2,
                seen_seconds=max(seen, 0.0),
                started_at=started_at,
                running=running.get(id, 0),
                slots=int(told.get("slots", settings.WORKER_CONCURRENCY)),
            )
        )
        if left > 0:
            for key in told.get("keys", []):
                said.setdefault(key["fingerprint"], []).append(key)
    return Workers(found), UpstreamKeys([_key(window, name, states) for name, states in said.items()])


def _key(window: Window, fingerprint: str, states: list[dict[str, Any]]) -> UpstreamKey:
    now, hour = window.now.timestamp(), int(window.hour.timestamp())
    cooling = max((state["cooling_until"] for state in states), default=0.0)
    refused = max((state["refused_until"] for state in states), default=0.0)
    until = refused if refused > now else cooling
    last = max(states, key=lambda state: state["last_error_at"], default=None)
    counted = [state for state in states if state["hour"] == hour]
    return UpstreamKey(
        fingerprint=fingerprint,
        state="refused" if refused > now else "cooling" if cooling > now else "free",
        until=datetime.fromtimestamp(until, UTC) if until > now else None,
        last_status=last["last_status"] if last else None,
        calls=sum(state["calls"] for state in counted),
        errors=sum(state["errors"] for state in counted),
    )


def fingerprints() -> list[str]:
    """Returns the keys of this process's own settings, which are the workers' too."""
    return [key_fingerprint(secret) for secret in settings.GEMINI_API_KEYS]
