"""How the platform stood hour by hour, and what operators and owners left lying about: notes, an open invitation."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum

from accounts.models import Invitation, StorageUse, TenantNote, User
from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.people import TenantRows
from cavendish.above.seeding.rows import uuid7
from generations.models import PlatformGauge

NOTES = (
    ("acme", 16, "Peak season until 20 December. Call Mara before anything is suspended."),
    ("globex", 31, "Pays by bank transfer, often in two parts. Ask Tom for the remittance advice."),
    ("harbor", 6, "Reminded by phone; they wait for a purchase order number."),
    ("vela", 8, "Their lawyer writes until the end of the month. Keep suspended."),
)


def notes_create(tenants: Sequence[TenantRows], *, history: History, operator: User | None, rng: random.Random) -> None:
    by_slug = {tenant.profile.slug: tenant for tenant in tenants}
    author = operator.email if operator else "support@example.com"
    TenantNote.objects.bulk_create(
        TenantNote(
            id=uuid7(history.now - timedelta(days=age), rng),
            tenant=by_slug[slug].row,
            text=text,
            author=author,
            created_by=operator,
            created_at=history.now - timedelta(days=age),
        )
        for slug, age, text in NOTES
        if slug in by_slug
    )


def invitation_create(tenant: TenantRows, *, history: History, rng: random.Random) -> None:
    """Leaves one that nobody has accepted; its secret is known to nobody."""
    at, email = history.now - timedelta(days=2), f"ana@{tenant.profile.domain}"
    row = Invitation.objects.create(
        id=uuid7(at, rng),
        tenant=tenant.row,
        email=email,
        role="developer",
        digest=hashlib.sha256(rng.randbytes(32)).digest(),
        created_by=tenant.owner,
        created_at=at,
        sent_at=at,
        expires_at=at + timedelta(days=7),
    )
    actor, after = actor_of(tenant.owner), {"email": email, "role": "developer"}
    history.add(at, tenant.id, "invitation.created", "invitation", row.id, actor=actor, after=after)


def gauges_note(*, history: History, hours: int, rng: random.Random) -> None:
    """Notes queue, storage, holds and webhooks of the hours that are over, as the scheduler does each minute."""
    stored = StorageUse.objects.aggregate(sum=Sum("bytes"))["sum"] or 0
    this = history.now.replace(minute=0, second=0, microsecond=0)
    rows = []
    for age in range(1, hours):
        busy = 1.0 if 7 <= (this - timedelta(hours=age)).hour <= 18 else 0.4
        sent = int(14 * busy * rng.uniform(0.5, 1.5))
        held = Decimal(f"{busy * rng.uniform(0.2, 1.4):.4f}")
        noted: dict[str, tuple[Decimal, Decimal]] = {
            "queue_waiting": (Decimal(rng.choice((0, 0, 0, 1))), Decimal(rng.randint(1, 5))),
            "queue_oldest_seconds": (Decimal(0), Decimal(f"{busy * rng.uniform(0.2, 2.6):.2f}")),
            "storage_bytes": (Decimal(int(stored * (1 - 0.6 * age / hours))),) * 2,
            "held_USD": (held, held * 2),
            "webhooks_succeeded": (Decimal(sent),) * 2,
        }
        if rng.random() < 0.06:
            noted["webhooks_retried"] = (Decimal(1),) * 2
        rows += [
            PlatformGauge(name=name, hour=this - timedelta(hours=age), last=last, peak=peak)
            for name, (last, peak) in noted.items()
        ]
    PlatformGauge.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
