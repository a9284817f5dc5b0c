"""What a batch has cost so far, against what was held for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import connection

from billing.models import Wallet
from billing.money import ZERO
from cavendish.db import ids
from generations.models import BATCH_ENDED, Batch

KEPT_SECONDS = 24 * 3600

_SUMS = """
    SELECT coalesce(sum(h.amount), 0), coalesce(sum(c.amount), 0),
           coalesce(sum(h.amount) FILTER (WHERE c.generation_id IS NULL), 0), max(h.currency)
    FROM generations_generation g
    JOIN billing_hold h ON h.generation_id = g.id
    LEFT JOIN billing_charge c ON c.generation_id = g.id
    WHERE g.batch_id = %s AND g.tenant_id = %s
"""


@dataclass(frozen=True)
class BatchMoney:
    """held − still_held − went_back = charged: of all that was held so far, what is held yet and what was charged."""

    held: Decimal = ZERO
    charged: Decimal = ZERO
    still_held: Decimal = ZERO
    currency: str = ""

    @property
    def went_back(self) -> Decimal:
        return self.held - self.still_held - self.charged


def batch_money(batch: Batch) -> BatchMoney:
    """Returns the sums over the batch's jobs, in the tenant's context. Those of an ended batch are remembered."""
    key = f"batch-sums:{ids.encode(ids.BATCH, batch.id)}"
    if batch.status in BATCH_ENDED and (known := cache.get(key)) is not None:
        return _money(known)
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [batch.id, batch.tenant_id])
        held, charged, still_held, currency = cursor.fetchone()
    if currency is None:
        wallet = Wallet.objects.filter(tenant_id=batch.tenant_id, livemode=batch.livemode).first()
        currency = wallet.currency if wallet else "USD"
    row = [str(held), str(charged), str(still_held), currency]
    if batch.status in BATCH_ENDED:
        cache.set(key, row, KEPT_SECONDS)
    return _money(row)


def _money(row: list[Any]) -> BatchMoney:
    held, charged, still_held, currency = row
    return BatchMoney(Decimal(held), Decimal(charged), Decimal(still_held), currency)
