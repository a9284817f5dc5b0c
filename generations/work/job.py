from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.conf import settings

from billing.contracts import KindPrice
from billing.prices.pricing import Covered
from cavendish.db import ids
from generations.contracts import Claim, JobSpecBody, Notice


@dataclass(frozen=True)
class Job:
    """A claimed generation (`generations.contracts.Claim`): everything a worker needs, so that it asks no more."""

    id: UUID
    tenant_id: UUID
    attempt: int
    lease_token: UUID
    is_batch: bool
    model: str
    tier: str
    livemode: bool
    estimated_bytes: int
    failures: int
    seconds_left: float
    seconds_to_cancel: float | None
    upstream_id: str
    upstream_key: str
    upstream_host: str
    request_id: str
    spec: JobSpecBody
    notices: list[Notice]
    hold_amount: Decimal
    prices: Mapping[str, KindPrice]
    covered: Covered

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Job:
        """Returns the job of a row of `generation_claim`."""
        claim = cast(Claim, row)
        job, hold = claim["job"], claim["job"]["hold"]
        return cls(
            id=claim["id"],
            tenant_id=claim["tenant_id"],
            attempt=claim["attempt"],
            lease_token=claim["lease_token"],
            is_batch=job["priority"] > 0,
            model=job["model"],
            tier=job["tier"],
            livemode=job["livemode"],
            estimated_bytes=job["estimated_bytes"],
            failures=job["failures"],
            seconds_left=float(job["seconds_left"]),
            seconds_to_cancel=job["seconds_to_cancel"],
            upstream_id=job["upstream_id"],
            upstream_key=job["upstream_key"],
            upstream_host=job["upstream_host"],
            request_id=job["request_id"],
            spec=job["job_spec"],
            notices=job["notices"],
            hold_amount=Decimal(hold["amount"]),
            prices=hold["prices"],
            covered=Covered(hold["included"], hold["images"]),
        )

    @classmethod
    def from_message(cls, text: str) -> Job:
        """Returns the job of a claim as JSON. Raises ValueError."""
        claim = json.loads(text)
        for name in ("id", "tenant_id", "lease_token"):
            claim[name] = UUID(claim[name])
        return cls.from_row(claim)

    @property
    def traceparent(self) -> str:
        """The span that accepted it; "" where nobody traces."""
        return self.spec.get("traceparent", "")

    def of_span(self) -> dict[str, str | int | bool]:
        """Returns what a span says of it."""
        return {
            "cavendish.generation_id": self.name,
            "cavendish.model": self.model,
            "cavendish.attempt": self.attempt,
            "cavendish.is_batch": self.is_batch,
        }

    @property
    def ends_canceled(self) -> bool:
        """Whether its time ends with a cancellation that was asked for beforehand, not with its deadline."""
        return self.seconds_to_cancel is not None and self.seconds_to_cancel < self.seconds_left

    @property
    def seconds_to_run(self) -> float:
        """How long it may run from its claim on."""
        return self.seconds_left if self.seconds_to_cancel is None else min(self.seconds_left, self.seconds_to_cancel)

    @property
    def name(self) -> str:
        """The id as the API and the logs write it."""
        return ids.encode(ids.GENERATION, self.id)

    @property
    def max_images(self) -> int:
        """How many pictures are held for."""
        return self.covered.most

    @cached_property
    def spool(self) -> Path:
        """The job's own folder; the attempt in its name keeps a late predecessor's files apart."""
        return Path(settings.SPOOL_DIR) / "jobs" / f"{self.id.hex}-{self.attempt}"
