"""What operators decide about money of a provider that is not in the books: try it again, or set it aside.

Locks are taken in the order of `outcomes.py`. The provider is called before, in no transaction.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.errors import ChangeRefused
from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.outcomes import payment_end_here
from billing.provider_payments.selectors import events_about
from billing.provider_payments.sending import payment_read
from billing.provider_payments.troubles import is_stuck, payment_owed
from billing.providers import provider, provider_name
from billing.providers.errors import ProviderError
from billing.providers.interface import PaymentState
from billing.providers.writing import operator_reading, operator_writing
from cavendish.http.problems import not_found

State = ProviderEvent.State
Status = ProviderPayment.Status
Row = TypeVar("Row", bound=Model)


def provider_event_retry(*, event_id: int, actor: Actor) -> None:
    """Acts on a waiting event within seconds instead of when it is due. Raises ChangeRefused for one that has ended."""
    with operator_writing():
        event = _event(event_id)
        if not ProviderEvent.objects.filter(id=event_id, state=State.RECEIVED).update(due_at=timezone.now()):
            raise _ended("event", event.state)
        _event_audit(actor, "provider_event.retried", event, {"error": event.error, "tries": event.tries}, {})


def provider_event_set_aside(*, event_id: int, note: str, actor: Actor) -> None:
    """Ends a waiting event that is not to be acted on. Raises ChangeRefused for one that has ended."""
    with operator_writing():
        event = _event(event_id)
        done = ProviderEvent.objects.filter(id=event_id, state=State.RECEIVED).update(
            state=State.SET_ASIDE, set_aside_at=timezone.now(), set_aside_by=str(actor)[:300], set_aside_note=note
        )
        if not done:
            raise _ended("event", event.state)
        before = {"state": event.state, "error": event.error, "tries": event.tries}
        _event_audit(actor, "provider_event.set_aside", event, before, {"state": State.SET_ASIDE, "reason": note})


def is_undecided(row: ProviderPayment) -> bool:
    """Returns whether something is left to do about a payment: it is open, or cannot be booked, or is owed."""
    return row.status in ProviderPayment.OPEN or is_stuck(row) or payment_owed(row) > 0


def payment_retry(*, payment_id: UUID, actor: Actor) -> None:
    """Asks for a payment within seconds instead of when it is due. Raises ChangeRefused for one that has ended."""
    with operator_writing():
        row = _payment(payment_id)
        if not is_undecided(row):
            raise _ended("payment", row.status)
        row.check_at = timezone.now()
        row.save(update_fields=["check_at"])
        before = {"problem": row.problem or row.failure_code, "tries": row.tries}
        _payment_audit(actor, "payment.retried", row, before, {})


def payment_set_aside(*, payment_id: UUID, note: str, actor: Actor) -> None:
    """Decides that the platform does nothing more about a payment: one that is open is closed, what came of it and is
    not booked stays out of the books, and what is owed of it is waived. Its waiting events are set aside with it.

    Money that comes for it only after that is booked all the same. Raises ChangeRefused where nothing is open.
    """
    with operator_reading():
        row = _one(ProviderPayment.objects.filter(id=payment_id))
    if row.status in ProviderPayment.OPEN and row.came is None:
        _end_there(row)
    with operator_writing():
        row = _payment(payment_id)
        if not is_undecided(row):
            raise _ended("payment", row.status)
        before = {name: getattr(row, name) for name in ("status", "problem", "came", "came_currency", "waived")}
        row.waived += payment_owed(row)
        row.set_aside_at, row.set_aside_by, row.set_aside_note = timezone.now(), str(actor)[:300], note
        row.save(update_fields=["waived", "set_aside_at", "set_aside_by", "set_aside_note"])
        if row.status in ProviderPayment.OPEN:
            payment_end_here(row)
        _payment_audit(
            actor, "payment.set_aside", row, before, {"status": row.status, "waived": row.waived, "reason": note}
        )
        for event in events_about(row).filter(state=State.RECEIVED).values_list("id", flat=True):
            provider_event_set_aside(event_id=event, note=note, actor=actor)


def payment_says(payment_id: UUID) -> PaymentState | None:
    """Returns what the provider says of a payment now; None where it has none. Raises ProviderError. Network."""
    row = payment_read(payment_id)
    if row.provider != provider_name():
        return None
    reference = row.reference
    if not reference and row.page_reference:
        reference = provider().page_state(row.page_reference).payment_reference
    return provider().payment_state(reference) if reference else None


def _end_there(row: ProviderPayment) -> None:
    """Ends what can be ended at the provider, so that nobody pays for what is closed here."""
    if row.provider != provider_name():
        return
    with suppress(ProviderError):
        if row.page_reference:
            provider().page_close(row.page_reference)
    with suppress(ProviderError):
        if row.reference:
            provider().payment_cancel(row.reference)


def _payment(payment_id: UUID) -> ProviderPayment:
    locked: QuerySet[ProviderPayment] = ProviderPayment.objects.select_for_update()
    return _one(locked.filter(id=payment_id))


def _event(event_id: int) -> ProviderEvent:
    return _one(ProviderEvent.objects.filter(id=event_id))


def _one(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise not_found()
    return row


def _ended(what: str, state: str) -> ChangeRefused:
    return ChangeRefused(f"{what}_ended", f"Nothing is left to decide: the {what} is {state.replace('_', ' ')}.")


def _event_audit(
    actor: Actor, action: str, event: ProviderEvent, before: dict[str, object], after: dict[str, object]
) -> None:
    audit_add(
        actor=actor, action=action, tenant_id=event.tenant_id, target="provider_event", target_id=event.reference,
        before={**before, "type": event.type, "object": event.object_reference}, after=after,
    )  # fmt: skip


def _payment_audit(
    actor: Actor, action: str, row: ProviderPayment, before: dict[str, object], after: dict[str, object]
) -> None:
    facts = {"amount": row.amount, "currency": row.currency}
    audit_add(
        actor=actor, action=action, tenant_id=row.tenant_id, target="payment", target_id=row.id,
        before={"reference": row.reference, **before}, after={**facts, **after},
    )  # fmt: skip
