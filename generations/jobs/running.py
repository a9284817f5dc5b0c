"""What runs now, and where: each living worker, whether it is about to end, and its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from generations.models import Generation, Worker


@dataclass(frozen=True)
class RunningJob:
    id: UUID
    model: str
    tier: str
    started_at: datetime | None


@dataclass(frozen=True)
class BusyWorker:
    """`is_stopping`: it got SIGTERM, claims nothing, and ends when its jobs have."""

    name: str
    is_alive: bool
    is_stopping: bool
    jobs: list[RunningJob]


def busy_workers() -> list[BusyWorker]:
    """Returns the workers by name, those that are dead and still have jobs among them. Two queries."""
    jobs: dict[UUID | None, list[RunningJob]] = {}
    running = Generation.objects.filter(status="running").order_by("started_at")
    for worker, *job in running.values_list("worker", "id", "model", "tier", "started_at"):
        jobs.setdefault(worker, []).append(RunningJob(*job))
    found = []
    now = timezone.now()
    for row in Worker.objects.order_by("name"):
        mine, is_alive = jobs.pop(row.id, []), row.expires_at > now
        if mine or is_alive:
            found.append(BusyWorker(row.name, is_alive, is_alive and bool(row.state.get("stopping")), mine))
    # Freed at the next sweep.
    found += [BusyWorker(f"worker {id}", False, False, mine) for id, mine in jobs.items()]
    return found
