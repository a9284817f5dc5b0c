"""References of the bank: what came once is booked once, whether as a top-up or as the payment of an invoice."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef

from billing.errors import ChangeRefused
from billing.models import LedgerTransaction, Payment
from cavendish.db import ids

MANUAL = "manual"


def reference_check(reference: str, *, tenant_id: UUID, livemode: bool) -> None:
    """Raises ChangeRefused where a top-up or a payment of the tenant has this reference.

    The wallet's lock keeps a second one away meanwhile. A payment that was taken back frees its reference: it may
    belong to another invoice.
    """
    booked = LedgerTransaction.objects.filter(
        tenant_id=tenant_id, livemode=livemode, kind=LedgerTransaction.Kind.TOP_UP, reference=reference
    ).first()
    if booked is not None:
        name = ids.encode(ids.LEDGER_TRANSACTION, booked.id)
        raise _used(f"The reference {reference} was booked on {booked.at:%Y-%m-%d} as {name}.")
    if not livemode:
        return
    reversals = Payment.objects.filter(reverses_id=OuterRef("id"))
    payments = Payment.objects.filter(tenant_id=tenant_id, method=MANUAL, reference=reference, reverses_id=None)
    paid = payments.exclude(Exists(reversals)).values_list("invoice__number", "received_on").first()
    if paid is not None:
        raise _used(f"The reference {reference} paid invoice {paid[0]} on {paid[1]}.")


def _used(detail: str) -> ChangeRefused:
    return ChangeRefused("reference_used", f"{detail} Nothing was booked now.")
