from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from billing.prices.pricing import Covered
from cavendish.db import ids


@dataclass(frozen=True)
class Job:
    """A claimed generation, as `generation_claim` answers it: everything a worker needs, so that it asks no more."""

    id: UUID
    tenant_id: UUID
    attempt: int
    lease_token: UUID
    is_batch: bool
    model: str
    tier: str
    livemode: bool
    image_size: str
    aspect_ratio: str
    estimated_bytes: int
    failures: int
    seconds_left: float
    upstream_id: str
    upstream_key: str
    upstream_host: str
    plan: dict[str, Any]
    notices: list[dict[str, Any]]
    hold_amount: Decimal
    currency: str
    prices: dict[str, dict[str, str]]
    covered: Covered

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Job:
        job = row["job"]
        return cls(
            id=row["id"],
            tenant_id=row["tenant_id"],
            attempt=row["attempt"],
            lease_token=row["lease_token"],
            is_batch=job["priority"] > 0,
            model=job["model"],
            tier=job["tier"],
            livemode=job["livemode"],
            image_size=job["image_size"],
            aspect_ratio=job["aspect_ratio"],
            estimated_bytes=job["estimated_bytes"],
            failures=job["failures"],
            seconds_left=float(job["seconds_left"]),
            upstream_id=job["upstream_id"],
            upstream_key=job["upstream_key"],
            upstream_host=job["upstream_host"],
            plan=job["plan"],
            notices=job["notices"],
            hold_amount=Decimal(job["hold"]["amount"]),
            currency=job["hold"]["currency"],
            prices=job["hold"]["prices"],
            covered=Covered(job["hold"]["included"], job["hold"]["images"]),
        )

    @property
    def name(self) -> str:
        """The id as the API and the logs write it."""
        return ids.encode(ids.GENERATION, self.id)

    @property
    def spool(self) -> Path:
        """The job's own folder; the attempt in its name keeps a late predecessor's files apart."""
        return Path(settings.SPOOL_DIR) / "jobs" / f"{self.id.hex}-{self.attempt}"
