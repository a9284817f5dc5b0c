from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from billing.errors import ChangeRefused, InvoiceRefused, ValuesInvalid
from billing.invoices.ledger_entries import (
    Settled,
    invoice_book,
    invoice_lock,
    invoice_mark_paid,
    invoice_reopen,
    payments_standing,
    receivable_share,
    settled_of,
    today_of,
)
from billing.ledger.references import reference_check
from billing.ledger.selectors import top_up_left
from billing.ledger.services import (
    Account,
    Kind,
    Side,
    dues_settle,
    movement_add,
    movement_audit,
    unheld,
    wallet_lock,
)
from billing.models import Invoice, LedgerTransaction, Payment
from billing.money import ZERO, amount_text, minor_text
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError, not_found

MANUAL = "manual"
BALANCE = "balance"
EARLIEST = timedelta(days=60)
"""How long before an invoice's issue its payment may have come: a month that is paid in advance, and its grace time."""


def payment_record(
    *, invoice_id: UUID, amount: Decimal, received_on: date, reference: str, actor: Actor, method: str = MANUAL
) -> Payment:
    """Books money that came in for an invoice; the invoice is paid when nothing is left. Parts may come one by one.

    What is more than is left goes into the balance, as a top-up. A provider's payment that is known already is returned
    as it is; where the invoice was settled or voided meanwhile, all of it goes into the balance: the money is there.
    Raises InvoiceRefused for a draft, and by hand for a void or a paid invoice and for a reference of this one;
    ChangeRefused (`reference_used`) for a reference that was booked elsewhere; ValuesInvalid for a day that cannot be;
    ValueError for an amount that the currency's coins cannot pay.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if method != MANUAL and (known := Payment.objects.filter(method=method, reference=reference).first()):
            recorded: Payment = known
            return recorded
        if invoice.status != Invoice.Status.FINALISED and (method == MANUAL or invoice.status == Invoice.Status.DRAFT):
            raise InvoiceRefused(invoice.status, number=invoice.number)
        if amount <= 0 or amount != round(amount, invoice.digits):
            raise ValueError(f"{amount} {invoice.currency} cannot be paid.")
        _require_plausible(invoice, received_on)
        wallet = wallet_lock(tenant_id=invoice.tenant_id, livemode=True)
        if method == MANUAL:
            if payments_standing(invoice.id).filter(method=MANUAL, reference=reference).exists():
                raise InvoiceRefused("payment_known", number=invoice.number)
            reference_check(reference, tenant_id=invoice.tenant_id, livemode=True)
        settled = settled_of(invoice)
        applied = min(amount, max(settled.left, ZERO)) if invoice.status == Invoice.Status.FINALISED else ZERO
        share = receivable_share(invoice, settled.sum, applied)
        invoice_book(
            invoice=invoice,
            kind=LedgerTransaction.Kind.PAYMENT,
            reason=reference,
            actor=actor,
            entries={"wallet": applied - share, "receivable": share, "funding": -applied},
        )
        overpaid = amount - applied
        overpayment: LedgerTransaction | None = None
        if overpaid:
            wallet.refresh_from_db(fields=["balance"])
            overpayment = movement_add(
                wallet,
                kind=Kind.TOP_UP,
                account=Account.FUNDING,
                sides=[Side(overpaid)],
                reason=f"Paid beyond invoice {invoice.number}: {reference}"[:300],
                actor=actor,
                settles=False,  # this invoice is not noted as paid yet
            )
        payment: Payment = Payment.objects.create(
            tenant_id=invoice.tenant_id,
            invoice=invoice,
            method=method,
            reference=reference,
            amount=applied,
            overpaid=overpaid,
            overpayment_id=overpayment.id if overpayment else None,
            currency=invoice.currency,
            received_on=received_on,
            actor=str(actor),
        )
        if applied and applied == settled.left:
            invoice_mark_paid(invoice.id, reason="payment")
        if overpaid:
            dues_settle(tenant_id=invoice.tenant_id, actor=actor)
        note_created(payment.id)
        audit_add(
            actor=actor,
            action="invoice.payment_recorded",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            after={
                "amount": amount, "to_balance": overpaid, "currency": invoice.currency, "reference": reference,
                "received_on": received_on,
            },
        )  # fmt: skip
    return payment


def payment_from_balance(*, invoice_id: UUID, actor: Actor) -> Decimal:
    """Pays an invoice from the tenant's balance, as far as paid money is free; returns how much it paid.

    Raises InvoiceRefused for a draft, a void or a paid one, ChangeRefused (`insufficient_balance`) where nothing is
    free.
    """
    with transaction.atomic(using=current_alias()):
        invoice = invoice_lock(invoice_id)
        if invoice.status != Invoice.Status.FINALISED:
            raise InvoiceRefused(invoice.status, number=invoice.number)
        wallet_lock(tenant_id=invoice.tenant_id, livemode=True)
        paid = dues_settle(tenant_id=invoice.tenant_id, invoice_id=invoice.id, actor=actor)
        if not paid:
            raise ChangeRefused(
                "insufficient_balance",
                gettext_noop("The balance has no free money for it: credits, holds and the credit limit pay none."),
            )
        audit_add(
            actor=actor,
            action="invoice.paid_from_balance",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            after={"amount": paid, "currency": invoice.currency},
        )
    return paid


def payment_reverse(*, payment_id: UUID, reason: str, actor: Actor, invoice_id: UUID | None = None) -> Payment:
    """Takes a payment back whole: it was booked to the wrong invoice, or the bank took it back. Returns the reversal.

    The invoice is to be paid again; what was overpaid leaves the balance too. One from the balance goes back there.
    What of the money is used already is owed, within the credit limit. Raises Problem 404, ChangeRefused
    (`already_reversed`, `insufficient_balance`).
    """
    with transaction.atomic(using=current_alias()):
        payment = Payment.objects.filter(id=payment_id, reverses_id=None).first()
        if payment is None or (invoice_id is not None and payment.invoice_id != invoice_id):
            raise not_found()
        invoice = invoice_lock(payment.invoice_id)
        wallet = wallet_lock(tenant_id=invoice.tenant_id, livemode=True)
        if Payment.objects.filter(reverses_id=payment.id).exists():
            raise ChangeRefused("already_reversed", gettext_noop("This payment was taken back already."))
        settled = settled_of(invoice)
        share = receivable_share(invoice, settled.sum - payment.amount, payment.amount)
        outside = ZERO if payment.method == BALANCE else payment.amount
        wallet_change = share - outside
        overpaid = _overpaid_left(payment)
        missing = overpaid - wallet_change - unheld(wallet)
        if missing > 0:
            raise ChangeRefused(
                "insufficient_balance",
                f"{amount_text(overpaid - wallet_change)} {invoice.currency} of it went into the balance and "
                f"{amount_text(missing)} is used since. Raise the credit limit by that, then take the payment back.",
            )
        # the transaction of the reversal is the mirror of the payment's
        invoice_book(
            invoice=invoice,
            kind=LedgerTransaction.Kind.REVERSAL,
            reason=reason,
            actor=actor,
            entries={"wallet": wallet_change, "receivable": -share, "funding": outside},
        )
        if overpaid:
            wallet.refresh_from_db(fields=["balance"])
            movement = movement_add(
                wallet,
                kind=Kind.REVERSAL,
                account=Account.FUNDING,
                sides=[Side(-overpaid)],
                reason=reason,
                actor=actor,
                reverses_id=payment.overpayment_id,
            )
            movement_audit(
                movement, actor=actor, action="wallet.top_up_reversed", amount=-overpaid, currency=invoice.currency,
                reason=reason,
            )  # fmt: skip
        reversal: Payment = Payment.objects.create(
            tenant_id=invoice.tenant_id,
            invoice=invoice,
            method=payment.method,
            reference=f"reversal {payment.id.hex}",
            amount=-payment.amount,
            currency=invoice.currency,
            received_on=today_of(invoice),
            reverses_id=payment.id,
            reason=reason,
            actor=str(actor),
        )
        note_created(reversal.id)
        invoice_reopen(invoice.id)
        _tell(invoice, payment, settled, reason=reason, actor=actor)
    return reversal


def _tell(invoice: Invoice, payment: Payment, settled: Settled, *, reason: str, actor: Actor) -> None:
    """Adds the event and the audit entry of a payment that was taken back."""
    old = invoice.status
    invoice.refresh_from_db(fields=["status", "paid_at"])
    left = settled.left + payment.amount
    event_add(
        tenant_id=invoice.tenant_id,
        subject=invoice.id,
        type="invoice.payment_reversed",
        data={
            "old": old,
            "new": invoice.status,
            "number": invoice.number,
            "amount": minor_text(payment.amount, invoice.digits),
            "amount_left": minor_text(left, invoice.digits),
            "currency": invoice.currency,
            "reason": reason,
        },
    )
    audit_add(
        actor=actor,
        action="invoice.payment_reversed",
        tenant_id=invoice.tenant_id,
        target="invoice",
        target_id=invoice.id,
        before={"status": old, "left": settled.left},
        after={
            "status": invoice.status, "left": left, "amount": payment.amount + payment.overpaid,
            "currency": invoice.currency, "reference": payment.reference, "reason": reason,
            "payment": ids.encode(ids.PAYMENT, payment.id),
        },
    )  # fmt: skip


def _overpaid_left(payment: Payment) -> Decimal:
    """Returns what of the overpaid part was not taken back as a top-up yet."""
    top_up = LedgerTransaction.objects.filter(id=payment.overpayment_id).first() if payment.overpayment_id else None
    return top_up_left(top_up) if top_up else ZERO


def _require_plausible(invoice: Invoice, received_on: date) -> None:
    """Raises ValuesInvalid for a day that is still to come, or long before the invoice."""
    today = today_of(invoice)
    if received_on > today:
        detail = f"{received_on} is still to come; today is {today} in {invoice.timezone}."
        raise ValuesInvalid([FieldError("/received_on", "in_the_future", detail)])
    first = invoice.issued_on - EARLIEST if invoice.issued_on else received_on
    if received_on < first:
        detail = f"Invoice {invoice.number} is of {invoice.issued_on}; its payment cannot have come before {first}."
        raise ValuesInvalid([FieldError("/received_on", "too_early", detail)])
