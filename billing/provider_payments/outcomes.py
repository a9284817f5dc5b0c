"""What the provider says of a payment, written down. Nothing is booked before it says that the money came; once.

Locks are taken in this order: the payment, the invoice, the wallet. None of this calls the provider.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.members.languages import tenant_language
from billing.auto_top_ups.services import auto_top_up_failed, auto_top_up_succeeded
from billing.invoices.mails import recipients
from billing.models import ProviderPayment
from billing.money import amount_text
from billing.provider_payments.booking import payment_book, payment_take_back
from billing.provider_payments.mails import invoice_payment_failed_letter, payment_disputed_letter
from billing.provider_payments.troubles import (
    OTHER_CURRENCY,
    is_decided,
    is_stuck,
    next_check,
    put_off,
    reason_of,
    trouble_gone,
    trouble_note,
)
from billing.providers.errors import ProviderError
from billing.providers.interface import Page, PaymentState, Progress
from billing.providers.writing import operator_writing
from cavendish.db import ids
from cavendish.db.ids import new_id
from cavendish.events.services import event_add
from cavendish.mail.letters import Letter
from cavendish.mail.services import mail_queue

logger = logging.getLogger(__name__)

Status = ProviderPayment.Status
Purpose = ProviderPayment.Purpose
PROVIDER_AWAY = "provider_unavailable"
CLOSED = "closed_by_operator"


def payment_apply(payment_id: UUID, state: PaymentState, *, is_over: bool = True) -> None:
    """Writes down what the provider says now, whatever was said before and however often.

    `is_over` False says that the provider's page is still open, where a declined card is no end. What cannot be booked
    is noted on the row, and raised.
    """
    try:
        with operator_writing():
            _apply(_locked(payment_id), state, is_over=is_over)
    except Exception as error:
        with suppress(DatabaseError), operator_writing():
            trouble_note(_locked(payment_id), *reason_of(error), state=state)
        raise


def payment_failed(payment_id: UUID, error: ProviderError, *, reference: str = "", quiet: bool = False) -> None:
    """Ends an open payment that the provider did not make. `quiet`: whoever asked is told at once."""
    with operator_writing():
        row = _locked(payment_id)
        if row.status in ProviderPayment.OPEN:
            _fail(row, code=error.code, message=error.message, reference=reference, quiet=quiet)


def payment_unsure(payment_id: UUID, error: ProviderError) -> None:
    """Notes that the provider gave no clear answer. It is asked again, after longer pauses."""
    with operator_writing():
        row = _locked(payment_id)
        if row.status not in ProviderPayment.OPEN:
            return
        row.failure_code = error.code
        row.save(update_fields=["failure_code"])
        put_off(row)


def payment_put_off(payment_id: UUID, error: Exception) -> None:
    """Notes a mistake of ours in a payment's turn. It has its turn again, after longer pauses."""
    with operator_writing():
        row = _locked(payment_id)
        put_off(row)
        trouble_note(row, *reason_of(error))


def payment_page_opened(payment_id: UUID, page: Page) -> None:
    """Notes the page on which a payment is made instead; what was tried before it counts no more."""
    with operator_writing():
        row = _locked(payment_id)
        if row.status not in ProviderPayment.OPEN:
            return
        row.status, row.reference, row.page_reference, row.hosted_url = (
            Status.REQUIRES_ACTION, "", page.reference, page.url,
        )  # fmt: skip
        row.check_at = next_check(0)
        row.save(update_fields=["status", "reference", "page_reference", "hosted_url", "check_at"])
        data = {"hosted_url": page.url, **_facts(row)}
        event_add(tenant_id=row.tenant_id, subject=row.id, type="payment.requires_action", data=data)


def payment_page_ended(payment_id: UUID) -> None:
    """Ends a payment on whose page nobody paid; without a mail, for somebody left it."""
    with operator_writing():
        row = _locked(payment_id)
        if row.status in ProviderPayment.OPEN:
            _fail(row, code="page_expired", message="Nobody paid on the provider's page.", reference="", quiet=True)


def payment_reversals_continue(payment_id: UUID) -> bool:
    """Takes back what could not be taken from the wallet before; returns whether something was booked. Whatever comes
    of it, the others have their turn first.
    """
    with operator_writing():
        row = _locked(payment_id)
        row.check_at = timezone.now()
        row.save(update_fields=["check_at"])
        moved = row.booked_at is not None and payment_take_back(row)
        if moved:
            trouble_gone(row)
        return moved


def payment_end_here(row: ProviderPayment) -> None:
    """Ends an open payment under its lock because an operator said so, whatever the provider says of it."""
    _fail(row, code=CLOSED, message="The operator of this platform closed it.", reference="", quiet=True)


def _locked(payment_id: UUID) -> ProviderPayment:
    row: ProviderPayment = ProviderPayment.objects.select_for_update().get(id=payment_id)
    return row


def _apply(row: ProviderPayment, state: PaymentState, *, is_over: bool) -> None:
    if row.booked_at is not None and state.reference != row.reference:
        if state.progress is Progress.SUCCEEDED:
            _paid_twice(row, state)
        return
    if is_decided(row):
        return
    if row.booked_at is None:
        _progress(row, state, is_over=is_over)
    if row.booked_at is not None and state.taken_back is not None:
        _taken_back(row, state)
    if row.problem and row.problem != OTHER_CURRENCY:
        trouble_gone(row)


def _progress(row: ProviderPayment, state: PaymentState, *, is_over: bool) -> None:
    if state.progress is Progress.SUCCEEDED:
        _succeed(row, state)
        return
    # Only money that came changes what has ended; and an attempt that a page replaced says nothing of the page.
    if row.status not in ProviderPayment.OPEN or (row.reference and state.reference != row.reference):
        return
    if state.progress is Progress.FAILED:
        if is_over and not (row.page_reference and not row.reference):
            _fail(row, code=state.failure_code or "failed", message=state.failure_message, reference=state.reference)
        return
    row.status = Status.PENDING if state.progress is Progress.PENDING else Status.REQUIRES_ACTION
    row.reference, row.check_at, row.tries, row.failure_code = state.reference, next_check(0), 0, ""
    row.charge_reference = state.charge_reference or row.charge_reference
    row.save(update_fields=["status", "reference", "check_at", "tries", "failure_code", "charge_reference"])


def _succeed(row: ProviderPayment, state: PaymentState) -> None:
    if state.currency != row.currency:
        _came_in_another(row, state)
        return
    now = timezone.now()
    row.status, row.ended_at, row.booked_at = Status.SUCCEEDED, now, now
    row.reference, row.charge_reference, row.received = state.reference, state.charge_reference, state.received
    row.failure_code, row.failure_message = "", ""
    payment_book(row)
    row.save(
        update_fields=[
            "status", "ended_at", "booked_at", "reference", "charge_reference", "received", "failure_code",
            "failure_message", "ledger_transaction_id",
        ]
    )  # fmt: skip
    trouble_gone(row)
    if row.purpose == Purpose.AUTO_TOP_UP:
        auto_top_up_succeeded(tenant_id=row.tenant_id)
    _tell(row, "payment.succeeded", {"received": row.received})


def _came_in_another(row: ProviderPayment, state: PaymentState) -> None:
    """Keeps money of a currency that the wallet has not for an operator to decide; it ends where it was given back."""
    if row.problem != OTHER_CURRENCY:
        logger.error("A payment of %s came in %s; it is not booked.", row.currency, state.currency)
    is_open = row.status in ProviderPayment.OPEN
    row.reference, row.charge_reference = state.reference, state.charge_reference
    row.status = Status.PENDING if is_open else row.status
    row.save(update_fields=["reference", "charge_reference", "status"])
    put_off(row)
    if not state.dispute and state.taken_back is not None and state.taken_back >= state.received:
        trouble_gone(row)
        if is_open:
            message = f"It came in {state.currency} and was given back."
            _fail(row, code=OTHER_CURRENCY, message=message, reference=state.reference)
        return
    trouble_note(row, OTHER_CURRENCY, state=state)


def _paid_twice(row: ProviderPayment, state: PaymentState) -> None:
    """A second payment came for the same order, on a page and by a method: it goes to the balance."""
    if ProviderPayment.objects.filter(provider=row.provider, reference=state.reference).exists():
        return
    extra: ProviderPayment = ProviderPayment.objects.create(
        id=new_id(), tenant_id=row.tenant_id, provider=row.provider, purpose=Purpose.TOP_UP, amount=state.received,
        currency=row.currency, actor=row.actor, status=Status.PENDING, created_at=timezone.now(),
    )  # fmt: skip
    _succeed(_locked(extra.id), state)


def _fail(row: ProviderPayment, *, code: str, message: str, reference: str, quiet: bool = False) -> None:
    row.status, row.ended_at = Status.FAILED, timezone.now()
    row.failure_code, row.failure_message = code[:64], message[:300]
    row.reference = reference or row.reference
    row.save(update_fields=["status", "ended_at", "failure_code", "failure_message", "reference"])
    if is_stuck(row):
        trouble_gone(row)
    _tell(row, "payment.failed", {"failure_code": row.failure_code})
    if row.purpose == Purpose.AUTO_TOP_UP:
        auto_top_up_failed(row)
    elif row.invoice is not None and row.method_id is not None and not quiet:
        _mail(row, partial(invoice_payment_failed_letter, row.invoice, reason=row.failure_message))


def _taken_back(row: ProviderPayment, state: PaymentState) -> None:
    """Books what the provider gave back, or lost to a dispute, and what came back of that."""
    assert state.taken_back is not None
    disputed = state.dispute != row.dispute
    if state.taken_back == row.taken_back and not disputed:
        return
    row.taken_back, row.dispute = state.taken_back, state.dispute
    row.save(update_fields=["taken_back", "dispute"])
    if disputed:
        _tell(row, "payment.disputed", {"dispute": row.dispute})
        if row.dispute == "needs_response":
            _mail(
                row,
                partial(payment_disputed_letter, tenant=row.tenant.name, amount=row.received, currency=row.currency),
            )
    payment_take_back(row)


def _tell(row: ProviderPayment, action: str, after: dict[str, object]) -> None:
    audit_add(
        actor=provider_actor(row), action=action, tenant_id=row.tenant_id, target="payment", target_id=row.id,
        after={**after, "reference": row.reference},
    )  # fmt: skip
    shown = {name: amount_text(value) if name == "received" else value for name, value in after.items()}  # type: ignore[arg-type]
    event_add(tenant_id=row.tenant_id, subject=row.id, type=action, data={**_facts(row), **shown})


def _facts(row: ProviderPayment) -> dict[str, object]:
    return {
        "livemode": True,
        "purpose": row.purpose,
        "amount": amount_text(row.amount),
        "currency": row.currency,
        "invoice_id": ids.encode(ids.INVOICE, row.invoice_id) if row.invoice_id else None,
    }


def _mail(row: ProviderPayment, letter: Callable[[], Letter]) -> None:
    if to := recipients(row.tenant_id):
        mail_queue(to=to, letter=letter, language=tenant_language(row.tenant_id), tenant_id=row.tenant_id)


def provider_actor(row: ProviderPayment) -> Actor:
    return Actor("system", None, row.provider)
