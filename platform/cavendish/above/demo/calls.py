"""The calls that jobs made upstream: how long each took and what came."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cavendish.above.demo.jobs import Job

KEYS = ("9f2c41d8a07be315", "5d7718e3c2f046ab", "e1b09a64d73c5f28")
"""Fingerprints of the upstream's keys."""
OVERLOADED = "The model is overloaded. Please try again later."
REFUSED = {"safety_blocked": (200, "safety"), "upstream_rejected": (400, "INVALID_ARGUMENT"), "no_image": (200, "")}


@dataclass(frozen=True)
class Call:
    """A row of the calls, without its generation."""

    number: int
    started_at: datetime
    ended_at: datetime
    first_byte_ms: int | None
    key: str
    status: int | None
    code: str
    message: str
    bytes: int
    pictures: int
    tokens: int | None


def calls_of(job: Job, rng: random.Random) -> Iterator[Call]:
    """Yields the tries of a job that was started: those that the upstream failed, then the one that ended it."""
    if job.started_at is None:
        return
    key, begun = rng.choice(KEYS), job.started_at
    for number in range(1, job.failures + 1):
        seconds = 0.6 + rng.random() * 2
        ended = min(begun + timedelta(seconds=seconds), job.finished_at)
        yield Call(number, begun, ended, int(seconds * 990), key, 503, "UNAVAILABLE", OVERLOADED, 174, 0, None)
        key = rng.choice(KEYS)
        begun = min(ended + timedelta(seconds=0.8 + rng.random() * number), job.finished_at)
    if job.work.ended == "upstream_unavailable":
        return
    number, took = job.failures + 1, (job.finished_at - begun).total_seconds()
    if job.work.ended in ("deadline_exceeded", "canceled_after_start"):
        code = "deadline" if job.work.ended == "deadline_exceeded" else "broken_off"
        yield Call(number, begun, job.finished_at, None, key, None, code, "", 0, 0, None)
        return
    status, code = REFUSED.get(job.work.ended, (200, ""))
    made = job.status == "succeeded"
    resolution = job.work.resolution
    size = resolution.width * resolution.height // 3 if made else 900
    tokens = job.work.text_output + job.work.thought + (resolution.tokens if made else 0)
    yield Call(number, begun, job.finished_at, int(took * 870), key, status, code, "", size, int(made), tokens or None)
