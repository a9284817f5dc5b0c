"""Movements of money that no generation causes. Each is a new, balanced transaction under the wallet's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.errors import ChangeRefused, ValuesInvalid
from billing.models import Credit, Invoice, LedgerEntry, LedgerTransaction, Wallet
from billing.money import MOST, ZERO, AmountInvalid, amount_check, amount_text
from cavendish.db.call import call
from cavendish.db.ids import new_id
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError, Problem

Kind = LedgerTransaction.Kind
Account = LedgerEntry.Account


@dataclass(frozen=True)
class Side:
    """A movement's entry on the wallet: `amount` comes in, or goes out when negative; paid money, or a credit's."""

    amount: Decimal
    credit: Credit | None = None


def wallet_lock(*, tenant_id: UUID, livemode: bool, moves: bool = True) -> Wallet:
    """Returns the wallet's row, locked until the transaction ends: the first lock of whoever moves money by hand.

    Invoices with something to pay are locked before it, for money that comes pays them; without `moves` none comes.
    """
    if livemode and moves:
        dues_lock(tenant_id)
    wallet: Wallet | None = Wallet.objects.select_for_update().filter(tenant_id=tenant_id, livemode=livemode).first()
    if wallet is None:
        raise Problem(404, "not_found", "The tenant has no wallet.")
    return wallet


def dues_lock(tenant_id: UUID, also: UUID | None = None) -> None:
    """Locks a tenant's invoices that are not paid, and the one named beside them, in the order of their ids."""
    wanted = Q(status=Invoice.Status.FINALISED) | Q(id=also)
    list(Invoice.objects.select_for_update().filter(wanted, tenant_id=tenant_id).order_by("id").values_list("id"))


def dues_settle(*, tenant_id: UUID, actor: Actor, invoice_id: UUID | None = None) -> Decimal:
    """Pays what invoices leave to pay from the balance, the oldest due first, or that one; returns how much it paid.

    Under `wallet_lock`. Paid money alone pays, nothing that is held.
    """
    paid: Decimal = call("dues_settle", tenant_id, invoice_id, timezone.now(), str(actor))
    return paid


def amount_valid(amount: Decimal, *, negative: bool = False, zero: bool = False, pointer: str = "/amount") -> Decimal:
    """Returns the amount with the places that the ledger stores. Raises ValuesInvalid at `pointer`."""
    try:
        return amount_check(amount, negative=negative, zero=zero)
    except AmountInvalid as error:
        raise ValuesInvalid([FieldError(pointer, error.code, str(error))]) from None


def unheld(wallet: Wallet) -> Decimal:
    """Returns what is neither spent nor held: the balance and the credit limit without holds. Bookings may take it."""
    return wallet.balance + wallet.credit_limit - wallet.held


def tax_kept(wallet: Wallet) -> Decimal:
    """Returns what the wallet keeps back for the tax of its next invoices: `tax_kept` (SQL)."""
    if not wallet.tax_rate or wallet.credit_limit:
        return ZERO
    kept: Decimal = call("tax_kept", wallet.tenant_id, wallet.livemode)
    return kept


def available(wallet: Wallet) -> Decimal:
    """Returns what jobs can still hold: what is not held, without the tax that is kept back. Below zero where the rate
    of tax was raised over a wallet that is nearly empty.
    """
    return unheld(wallet) - tax_kept(wallet)


def wallet_tax_refresh(*, tenant_id: UUID) -> None:
    """Counts anew what the wallet has used that no invoice shows, and takes the rate that holds now for its tax."""
    call("wallet_tax_refresh", tenant_id)


def room_require(wallet: Wallet, amount: Decimal) -> None:
    """Raises ChangeRefused where the balance would be more than the books hold. Whoever asks for money looks before it
    does: what cannot be booked is not charged.
    """
    if wallet.balance + amount >= MOST:
        raise ChangeRefused("balance_too_large", gettext_noop("The balance would be larger than the books can hold."))


def movement_add(
    wallet: Wallet,
    *,
    kind: Kind,
    account: Account,
    sides: Sequence[Side],
    reason: str,
    actor: Actor,
    generation_id: UUID | None = None,
    reference: str = "",
    reverses_id: UUID | None = None,
    settles: bool = True,
    kept: Decimal | None = None,
) -> LedgerTransaction:
    """Books a movement between the locked wallet and `account`, credits and the cached balance with it.

    Paid money that comes in pays what the tenant's invoices leave to pay; without `settles` the caller sees to that.
    Raises ChangeRefused where it would take what is held, or lift the balance above what the books hold.
    """
    total = sum((side.amount for side in sides), ZERO)
    if total < 0 and -total > unheld(wallet):
        detail = (
            f"{amount_text(-total)} {wallet.currency} cannot be taken: {amount_text(unheld(wallet))} is free, "
            f"{amount_text(wallet.held)} is held for generations that have not ended."
        )
        raise ChangeRefused("insufficient_balance", detail)
    room_require(wallet, total)
    movement: LedgerTransaction = LedgerTransaction.objects.create(
        id=new_id(),
        tenant_id=wallet.tenant_id,
        livemode=wallet.livemode,
        kind=kind,
        generation_id=generation_id,
        reason=reason,
        reference=reference,
        reverses_id=reverses_id,
        kept=kept,
        actor=str(actor)[:300],
    )
    entries = [(Account.WALLET, side.amount, side.credit) for side in sides]
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            tenant_id=wallet.tenant_id,
            transaction=movement,
            account=name,
            livemode=wallet.livemode,
            amount=amount,
            currency=wallet.currency,
            credit=credit,
        )
        for name, amount, credit in [*entries, (account, -total, None)]
    )
    for side in sides:
        if side.credit is not None:
            Credit.objects.filter(id=side.credit.id).update(remaining=F("remaining") + side.amount)
    rows = Wallet.objects.filter(tenant_id=wallet.tenant_id, livemode=wallet.livemode)
    rows.update(balance=F("balance") + total, **_taxed_later(kind, sides))
    wallet.balance += total
    if total > 0:
        low_balance_rearm(wallet)
    if settles and wallet.livemode and any(side.amount > 0 and side.credit is None for side in sides):
        dues_settle(tenant_id=wallet.tenant_id, actor=actor)
        wallet.refresh_from_db(fields=["balance"])
    return movement


def _taxed_later(kind: Kind, sides: Sequence[Side]) -> dict[str, Any]:
    """Returns the column that changes with a correction of a price, which the next invoice shows and taxes."""
    if kind not in {Kind.ADJUSTMENT, Kind.REFUND}:
        return {}
    return {"untaxed": F("untaxed") - sum((side.amount for side in sides if side.credit is None), ZERO)}


def low_balance_rearm(wallet: Wallet) -> None:
    """Lets the mail of a low balance be sent again once the balance has risen above the threshold."""
    threshold = wallet.low_balance_threshold
    if wallet.low_balance_told_at is not None and (
        threshold is None or wallet.balance + wallet.credit_limit >= threshold
    ):
        rows = Wallet.objects.filter(tenant_id=wallet.tenant_id, livemode=wallet.livemode)
        rows.update(low_balance_told_at=None)
        wallet.low_balance_told_at = None


def movement_audit(
    movement: LedgerTransaction,
    *,
    actor: Actor,
    action: str,
    amount: Decimal,
    currency: str,
    reason: str,
    **more: object,
) -> None:
    """Adds the audit entry and the event of a movement."""
    audit_add(
        actor=actor,
        action=action,
        tenant_id=movement.tenant_id,
        target="ledger_transaction",
        target_id=movement.id,
        after={"amount": amount, "currency": currency, "reason": reason, **more},
    )
    event_add(
        tenant_id=movement.tenant_id,
        subject=movement.id,
        type=action,
        data={"livemode": movement.livemode, "amount": amount_text(amount), "currency": currency},
    )
