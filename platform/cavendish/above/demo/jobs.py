"""The jobs of a tenant, drawn at random: model, size, what they used, how they ended and how long they took."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cavendish.above.demo.people import TenantRows
from cavendish.above.demo.profiles import FLASH, LITE, OLD, PRO, TEST_SHARE
from cavendish.above.demo.prompts import GROUNDED, Prompt, prompts_of
from cavendish.above.demo.tariffs import MISMATCH, NOT_DELIVERED, OVER_HOLD, Settled, Work
from cavendish.above.seeding.rows import uuid7
from cavendish.gemini.catalog import Resolution, get_model

MEDIAN_SECONDS = {
    FLASH: {"512": 6.1, "1K": 11.2, "2K": 16.8, "4K": 27.5},
    LITE: {"1K": 5.2},
    PRO: {"1K": 20.4, "2K": 24.0, "4K": 34.0},
    OLD: {"1K": 8.8},
}
THOUGHTS = {FLASH: (0,), LITE: (60, 90, 110, 140), PRO: (620, 700, 760, 820, 900, 980), OLD: (0,)}
DEEP_THOUGHTS = (480, 560, 620, 700)
RATIOS = {"1:1": 44, "16:9": 16, "4:5": 10, "3:4": 9, "9:16": 8, "3:2": 6, "4:3": 4, "2:3": 2, "21:9": 1}
ENDS = {
    "upstream_unavailable": 40,
    "safety_blocked": 26,
    "deadline_exceeded": 9,
    "upstream_rejected": 5,
    "no_image": 5,
    "canceled": 8,
    "canceled_after_start": 7,
}
MESSAGES = {
    "upstream_unavailable": "The upstream gave no usable answer: 503, the model is overloaded.",
    "safety_blocked": "The prompt was blocked for safety.",
    "deadline_exceeded": "The generation did not end before its deadline.",
    "upstream_rejected": "The upstream refused the request: the picture could not be read.",
    "no_image": "The model answered without a picture.",
}
PATIENCE = 600.0
"""Seconds from acceptance to the platform's own deadline."""


@dataclass
class Job:
    """A job that has ended, with what stands in its rows. `kept` ones still have their content."""

    id: UUID
    tenant: TenantRows
    key: UUID
    member: UUID | None
    livemode: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime
    work: Work
    prompt: Prompt
    status: str
    attempts: int = 1
    failures: int = 0
    tier: str = "standard"
    batch: tuple[UUID, int] | None = None
    tag: str = ""
    kept: bool = False
    previous: Job | None = None
    group: UUID | None = None
    variants: int = 1
    settled: Settled | None = None
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, str] | None:
        """The error as a generation shows it."""
        if self.status != "failed":
            return None
        return {"code": self.work.ended, "message": MESSAGES[self.work.ended]}

    def history(self) -> list[tuple[datetime, str, dict[str, Any]]]:
        """Returns the events of the job: moment, type, data."""
        told: list[tuple[datetime, str, dict[str, Any]]] = [
            (self.created_at, "generation.queued", {"old": None, "new": "queued", "reason": "accepted"})
        ]
        old = "queued"
        if self.started_at is not None:
            running = {"old": old, "new": "running", "reason": "claimed", "attempt": self.attempts}
            told.append((self.started_at, "generation.running", running))
            old = "running"
        error = self.error
        ended = {
            "old": old,
            "new": self.status,
            "reason": self.work.ended or "answered",
            "attempt": self.attempts,
            "error": error["code"] if error else None,
        }
        told.append((self.finished_at, f"generation.{self.status}", ended))
        return told


class Drawer:
    """Draws the jobs of one tenant. The same state of `rng` gives the same ones."""

    def __init__(self, tenant: TenantRows, rng: random.Random) -> None:
        self.tenant, self.rng = tenant, rng
        profile = tenant.profile
        self.models, self.model_weights = list(profile.models), list(profile.models.values())
        self.prompts = prompts_of(profile.language)
        self.keys = {
            mode: [key for key in tenant.keys if key.livemode is mode and key.share and key.revoked_at is None]
            for mode in (True, False)
        }
        self.resolutions = {
            model: {(row.image_size, row.aspect_ratio): row for row in get_model(model).resolutions}
            for model in self.models
        }

    def job(self, at: datetime, *, ended: str | None = None, retried: bool | None = None) -> Job:
        """Returns a job that is accepted at a moment; `ended` says how, None lets it end as such jobs do."""
        rng, profile = self.rng, self.tenant.profile
        livemode = not (self.keys[False] and rng.random() < TEST_SHARE)
        usable = [key for key in self.keys[livemode] if key.created_at < at] or self.keys[livemode]
        key = rng.choices(usable, weights=[each.share for each in usable])[0]
        model = rng.choices(self.models, weights=self.model_weights)[0]
        resolution = self.resolution(model)
        if ended is None:
            ended = rng.choices(list(ENDS), weights=list(ENDS.values()))[0] if rng.random() < profile.failures else ""
        prompt = rng.choice(self.prompts)
        searches = model in (FLASH, PRO) and not ended and rng.random() < 0.04
        work = self.work(model, resolution, prompt if not searches else rng.choice(GROUNDED), ended, searches=searches)
        return self.timed(at, key_id=key.id, member=key.member_id, livemode=livemode, work=work, prompt=prompt,
                          retried=rng.random() < 0.025 if retried is None else retried)  # fmt: skip

    def resolution(self, model: str) -> Resolution:
        rng, table = self.rng, self.resolutions[model]
        sizes = self.tenant.profile.sizes
        while True:
            size = rng.choices(list(sizes), weights=list(sizes.values()))[0]
            ratio = rng.choices(list(RATIOS), weights=list(RATIOS.values()))[0]
            row = table.get((size, ratio)) or table.get(("1K", ratio))
            if row is not None:
                return row

    def work(self, model: str, resolution: Resolution, prompt: Prompt, ended: str, *, searches: bool) -> Work:
        rng = self.rng
        deep = model == FLASH and rng.random() < 0.12
        wants_text = searches or rng.random() < 0.3
        return Work(
            model=model,
            resolution=resolution,
            text_input=prompt.tokens,
            input_images=rng.choice((1, 1, 2, 3)) if not searches and rng.random() < 0.3 else 0,
            wants_text=wants_text,
            thinking="high" if deep else None,
            search_types=("web_search",) if searches else (),
            text_output=32 if wants_text or ended == "no_image" else 0,
            thought=rng.choice(DEEP_THOUGHTS if deep else THOUGHTS[model]),
            queries=1 if searches else 0,
            ended=ended,
        )

    def timed(
        self,
        at: datetime,
        *,
        key_id: UUID,
        member: UUID | None,
        livemode: bool,
        work: Work,
        prompt: Prompt,
        retried: bool = False,
    ) -> Job:
        """Returns the job with believable times."""
        rng = self.rng
        seconds = MEDIAN_SECONDS[work.model][work.resolution.image_size] * rng.lognormvariate(0, 0.32)
        wait = 0.03 + rng.expovariate(3.5)
        attempts, failures = 1, 0
        started: datetime | None = at + timedelta(seconds=wait)
        if work.ended == "upstream_unavailable":
            failures, seconds = 3, 6 + rng.random() * 9
        elif work.ended == "safety_blocked":
            seconds = 1.4 + rng.random() * 3
        elif work.ended == "deadline_exceeded":
            seconds = rng.choice((45.0, 60.0, 90.0))
        elif work.ended == "upstream_rejected":
            seconds = 0.4 + rng.random()
        elif work.ended == "canceled":
            attempts, started, seconds = 0, None, rng.random() * 4
        elif work.ended == "canceled_after_start":
            seconds *= 0.9
        elif retried:
            failures = rng.choice((1, 1, 1, 2))
            seconds += 2.5 * failures + rng.random() * 2
        status = "succeeded"
        if work.ended:
            status = "canceled" if work.ended.startswith("canceled") else "failed"
        return Job(
            id=uuid7(at, rng),
            tenant=self.tenant,
            key=key_id,
            member=member,
            livemode=livemode,
            created_at=at,
            started_at=started,
            finished_at=at + timedelta(seconds=wait + seconds),
            work=work,
            prompt=prompt,
            status=status,
            attempts=attempts,
            failures=failures,
            tag=rng.choice(TAGS[self.tenant.profile.tag]) if self.tenant.profile.tag else "",
        )


TAGS = {
    "campaign": ("winter-lookbook", "winter-lookbook", "black-friday", "always-on", "spring-preview"),
    "subject": ("geography", "biology", "physics", "history"),
}
FLAGS = (NOT_DELIVERED, OVER_HOLD, MISMATCH)
