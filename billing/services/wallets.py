from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from billing.models import LedgerEntry, LedgerTransaction, Wallet
from cavendish.db.router import current_alias


def wallet_top_up(
    *, tenant_id: UUID, amount: Decimal, reason: str, actor: str, livemode: bool = True
) -> LedgerTransaction:
    """Money paid in: an entry on the wallet and its counterpart, and the cached balance, in one transaction.

    Raises ValueError for an amount that is not positive, not finite or finer than nine places.
    """
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.000000001")):
        raise ValueError(f"{amount} is no amount to top up with; it must be positive, with at most nine places.")
    alias = current_alias()
    with transaction.atomic(using=alias):
        wallet = Wallet.objects.get(tenant_id=tenant_id, livemode=livemode)
        entry: LedgerTransaction = LedgerTransaction.objects.create(
            tenant_id=tenant_id, livemode=livemode, kind=LedgerTransaction.Kind.TOP_UP, reason=reason, actor=actor
        )
        for account, signed in ((LedgerEntry.Account.WALLET, amount), (LedgerEntry.Account.FUNDING, -amount)):
            LedgerEntry.objects.create(
                tenant_id=tenant_id,
                transaction=entry,
                account=account,
                livemode=livemode,
                amount=signed,
                currency=wallet.currency,
            )
        Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).update(balance=F("balance") + amount)
    return entry
