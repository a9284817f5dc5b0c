"""Money of a provider in the ledger: a top-up or an invoice's payment, and what is taken back of it."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from billing.errors import ChangeRefused, InvoiceRefused
from billing.invoices.ledger_entries import today_of
from billing.ledger.selectors import top_up_left
from billing.ledger.services import unheld, wallet_lock
from billing.models import LedgerTransaction, Payment, ProviderPayment
from billing.money import ZERO
from billing.payments.services import payment_record, payment_reverse
from billing.provider_payments.troubles import payment_owed
from billing.wallets.selectors import credits_sum
from billing.wallets.services import top_up_reverse, wallet_top_up

MAX_REFERENCE = 100


def payment_book(row: ProviderPayment) -> None:
    """Books the received money in the caller's transaction, under the payment's lock; an invoice's that cannot take it
    any more, because it was paid or voided meanwhile, goes to the balance.
    """
    if row.invoice is not None and _invoice_paid(row):
        return
    reason = f"{row.provider.title()} {row.reference}"
    try:
        booked = wallet_top_up(
            tenant_id=row.tenant_id,
            amount=row.received,
            reason=reason,
            actor=_actor(row),
            reference=row.reference[:MAX_REFERENCE],
        )
    except ChangeRefused as refusal:
        if refusal.code != "reference_used":
            raise
        # Somebody typed the provider's id at a top-up or a payment by hand: the money is there.
        booked = LedgerTransaction.objects.filter(
            tenant_id=row.tenant_id,
            livemode=True,
            kind=LedgerTransaction.Kind.TOP_UP,
            reference=row.reference[:MAX_REFERENCE],
        ).first()
    row.ledger_transaction_id = booked.id if booked is not None else None


def payment_take_back(row: ProviderPayment) -> bool:
    """Books the difference between what the provider took back and what the ledger knows of it; returns whether there
    was something to book.

    What the wallet cannot give now, because it is spent or held, is owed and taken as soon as money is there; not what
    an operator waived. What came back lessens that first, for it was never taken.
    """
    difference = payment_owed(row)
    if difference < 0 and row.waived:
        less = min(row.waived, -difference)
        row.waived -= less
        row.save(update_fields=["waived"])
        difference += less
    if not difference:
        return False
    moved = _take(row, difference) if difference > 0 else _give(row, -difference)
    if moved:
        row.reversed += moved
        row.save(update_fields=["reversed"])
    return bool(moved)


def _invoice_paid(row: ProviderPayment) -> bool:
    assert row.invoice is not None
    try:
        payment_record(
            invoice_id=row.invoice.id,
            amount=row.received,
            received_on=today_of(row.invoice),
            reference=row.reference,
            actor=_actor(row),
            method=row.provider,
        )
    except InvoiceRefused:
        return False
    return True


def _take(row: ProviderPayment, amount: Decimal) -> Decimal:
    top_ups = list(_top_ups_of(row))
    if not top_ups:
        return _take_payment(row, amount)
    wallet = wallet_lock(tenant_id=row.tenant_id, livemode=True)
    paid = wallet.balance + wallet.credit_limit - credits_sum(tenant_id=row.tenant_id, livemode=True)
    room, taken = min(amount, unheld(wallet), paid), ZERO
    word = "dispute" if row.dispute not in {"", "won"} else "refund"
    reason = f"{row.provider.title()} {word} of {row.reference}"
    for top_up in top_ups:
        part = min(room - taken, top_up_left(top_up))
        if part > 0:
            top_up_reverse(
                tenant_id=row.tenant_id, transaction_id=top_up.id, amount=part, reason=reason, actor=_actor(row)
            )
            taken += part
    return taken


def _top_ups_of(row: ProviderPayment) -> QuerySet[LedgerTransaction]:
    """Returns what the payment was booked as, and what of it came back: all of it can be taken back, again too."""
    mine = Q(reference__startswith=f"{row.reference}:") | Q(id=row.ledger_transaction_id)
    kind = LedgerTransaction.Kind.TOP_UP
    rows: QuerySet[LedgerTransaction] = LedgerTransaction.objects.filter(
        mine, tenant_id=row.tenant_id, livemode=True, kind=kind
    )
    return rows.order_by("id")


def _take_payment(row: ProviderPayment, amount: Decimal) -> Decimal:
    """Takes back an invoice's payment, which is taken back whole; what the provider left of it goes to the balance,
    which pays the invoice as far as it goes.
    """
    payment = Payment.objects.filter(method=row.provider, reference=row.reference, tenant_id=row.tenant_id).first()
    if payment is None:
        return ZERO
    reason = f"{row.provider.title()} {'dispute' if row.dispute else 'refund'} of {row.reference}"
    try:
        payment_reverse(payment_id=payment.id, reason=reason, actor=_actor(row))
    except ChangeRefused:
        return ZERO  # what was overpaid is used already, or somebody took it back by hand
    left = row.received - amount
    if left > 0:
        rest = wallet_top_up(
            tenant_id=row.tenant_id,
            amount=left,
            reason=f"{row.provider.title()} left of {row.reference}",
            actor=_actor(row),
            reference=f"{row.reference}:rest"[:MAX_REFERENCE],
        )
        row.ledger_transaction_id = rest.id
        row.save(update_fields=["ledger_transaction_id"])
    return amount


def _give(row: ProviderPayment, amount: Decimal) -> Decimal:
    """Money that came back: a dispute was won, or a refund failed at the bank."""
    reference = f"{row.reference}:{timezone.now():%Y%m%dT%H%M%S%f}"[:MAX_REFERENCE]
    reason = f"{row.provider.title()} gave back what it had taken of {row.reference}"
    wallet_top_up(tenant_id=row.tenant_id, amount=amount, reason=reason, actor=_actor(row), reference=reference)
    return -amount


def _actor(row: ProviderPayment) -> Actor:
    return Actor("system", None, row.provider)
