"""Feeding by hand, and what the books say of a batch."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Tenant
from billing.models import Budget
from cavendish.db.router import acting_as
from generations.batches.feeder import NATIVE, Due, batch_work, batches_claim
from generations.models import Batch
from tests.generations.helpers import claim, finish, one, rows, succeeded


def batch_row(batch: Batch) -> dict[str, Any]:
    (row,) = rows("owner", "SELECT * FROM generations_batch WHERE id = %s", batch.id)
    return row


def counts(batch: Batch) -> dict[str, int]:
    """Those that are not 0, and that they are what the items say: one statement, for a feeder may be at work."""
    (row,) = rows(
        "owner",
        """SELECT b.*, ARRAY(SELECT status::text FROM generations_batchitem WHERE batch_id = b.id) AS items
           FROM generations_batch b WHERE b.id = %s""",
        batch.id,
    )
    found = {name: row[name] for name in ("succeeded", "failed", "canceled", "expired")}
    found["waiting"] = row["total"] - row["fed"]
    found["in_progress"] = row["fed"] - sum(row[name] for name in ("succeeded", "failed", "canceled", "expired"))
    found = {name: count for name, count in found.items() if count}
    assert Counter(row["items"]) == found
    return found


def items(batch: Batch) -> list[dict[str, Any]]:
    return rows("owner", "SELECT * FROM generations_batchitem WHERE batch_id = %s ORDER BY index", batch.id)


def generations(batch: Batch) -> list[UUID]:
    """In the order of their items."""
    found = rows("owner", "SELECT id FROM generations_generation WHERE batch_id = %s ORDER BY batch_index", batch.id)
    return [row["id"] for row in found]


def events(batch: Batch) -> list[str]:
    return [
        row["type"] for row in rows("owner", "SELECT type FROM events_event WHERE subject = %s ORDER BY id", batch.id)
    ]


def due(limit: int = 100) -> list[Due]:
    """What is due now, whatever pause or lease it has."""
    rows("owner", "UPDATE generations_batch SET feed_after = now()")
    return batches_claim(limit)


def feed() -> list[Due]:
    """One lot of every batch that is due."""
    found = due()
    for batch in found:
        batch_work(batch, NATIVE)
    return found


def expire(batch: Batch) -> None:
    """Lets the batch's day be over."""
    rows("owner", "UPDATE generations_batch SET expires_at = now() WHERE id = %s", batch.id)
    rows("owner", "UPDATE generations_generation SET deadline_at = now() WHERE batch_id = %s", batch.id)


def held(batch: Batch) -> int:
    return int(
        one(
            "owner",
            """SELECT count(*) FROM billing_hold h JOIN generations_generation g ON g.id = h.generation_id
               WHERE g.batch_id = %s AND h.status = 'held'""",
            batch.id,
        )
    )


def run_all(worker: UUID, limit: int = 100) -> int:
    """Ends all that is queued, well. Answers how many."""
    jobs = claim(worker, limit)
    for job in jobs:
        assert finish(job, succeeded(job)) == "ended"
    return len(jobs)


def budget(tenant: Tenant, limit: Decimal | int, metric: str = "images") -> None:
    with acting_as("operator"):
        Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="month", metric=metric, limit=Decimal(limit)
        )


def fed(batch: Batch) -> int:
    """Items that wait no more."""
    return int(batch_row(batch)["fed"])
