"""Batches that have ended, one of them with items that failed: rows over jobs that are drawn for them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cavendish.above.demo.jobs import Drawer, Job
from cavendish.above.demo.people import TenantRows
from cavendish.above.seeding.rows import uuid7
from generations.models import Batch, BatchItem


@dataclass(frozen=True)
class BatchProfile:
    """So many items, `hours` ago; the last `failed` of them failed."""

    slug: str
    name: str
    items: int
    hours: float
    failed: int = 0


BATCHES = (
    BatchProfile("lumen", "Worksheets, term 1", 160, 24 * 34),
    BatchProfile("lumen", "Worksheets, term 2", 220, 24 * 11),
    BatchProfile("lumen", "Biology figures", 60, 44, failed=9),
    BatchProfile("acme", "Lookbook night run", 120, 24 * 5),
    BatchProfile("acme", "Retouch queue", 18, 3.4),
    BatchProfile("globex", "Catalogue refresh", 240, 24 * 20, failed=4),
    BatchProfile("northwind", "Proofs", 24, 30),
)


class Batches:
    """Draws the batches' jobs; the rows are saved after them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.batches: list[Batch] = []
        self.items: list[BatchItem] = []

    def draw(
        self, tenants: Sequence[TenantRows], drawers: dict[UUID, Drawer], *, now: datetime, scale: float, days: int
    ) -> list[Job]:
        by_slug = {tenant.profile.slug: tenant for tenant in tenants}
        jobs: list[Job] = []
        for profile in BATCHES:
            tenant = by_slug.get(profile.slug)
            if tenant is not None and profile.hours < days * 24:
                jobs += self._batch(profile, tenant, drawers[tenant.id], now, scale)
        return jobs

    def _batch(
        self, profile: BatchProfile, tenant: TenantRows, drawer: Drawer, now: datetime, scale: float
    ) -> list[Job]:
        count = max(round(profile.items * min(scale, 1)), 4)
        failed = max(round(profile.failed * count / profile.items), 1) if profile.failed else 0
        begun = now - timedelta(hours=profile.hours)
        batch_id = uuid7(begun, self.rng)
        key = tenant.keys[1] if len(tenant.keys) > 2 and tenant.keys[1].livemode else tenant.keys[0]
        jobs = []
        for index in range(count):
            at = begun + timedelta(seconds=2 + index * 1.7)
            drawn = drawer.job(at, ended="safety_blocked" if index >= count - failed else "", retried=False)
            drawn.key, drawn.member, drawn.livemode = key.id, key.member_id, True
            drawn.tier, drawn.batch = "batch", (batch_id, index)
            jobs.append(drawn)
            self.items.append(
                BatchItem(
                    batch_id=batch_id,
                    index=index,
                    tenant=tenant.row,
                    key=f"row-{index + 1}",
                    start=0,
                    length=0,
                    status=drawn.status,
                    generation_id=drawn.id,
                    error=drawn.error,
                )
            )
        self.batches.append(
            Batch(
                id=batch_id,
                tenant=tenant.row,
                api_key_id=key.id,
                member_id=key.member_id,
                livemode=True,
                status="completed",
                dialect="native",
                name=profile.name,
                total=count,
                fed=count,
                succeeded=count - failed,
                failed=failed,
                created_at=begun,
                started_at=begun + timedelta(seconds=2),
                finished_at=max(job.finished_at for job in jobs),
                expires_at=begun + timedelta(days=1),
                feed_after=begun,
            )
        )
        return jobs

    def save(self) -> None:
        Batch.objects.bulk_create(self.batches)
        BatchItem.objects.bulk_create(self.items, batch_size=500)
