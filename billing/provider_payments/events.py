"""What the provider tells of: each event once. It is noted at once, and what it is about is read anew after that."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from accounts.actor import SYSTEM
from billing.models import PaymentMethod, ProviderCustomer, ProviderEvent, ProviderPayment
from billing.payment_methods.services import payment_method_gone, payment_method_note
from billing.provider_payments.outcomes import payment_apply, payment_page_ended
from billing.provider_payments.selectors import payment_by_order, payment_by_page, payment_by_reference
from billing.provider_payments.troubles import MOST_TRIES, reason_of
from billing.providers import provider, provider_name
from billing.providers.errors import OutcomeUnknown, ProviderError
from billing.providers.interface import About, Notice, PageState
from billing.providers.writing import operator_reading, operator_writing

logger = logging.getLogger(__name__)

State = ProviderEvent.State
AT_ONCE = 100
PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)


def provider_event_note(notice: Notice, *, source: ProviderEvent.Source) -> bool:
    """Notes an event; returns False for one that is known. Nothing else is done: the sender gets its answer at once."""
    with operator_writing():
        if ProviderEvent.objects.filter(provider=provider_name(), reference=notice.reference).exists():
            return False
        row = ProviderEvent(
            provider=provider_name(), reference=notice.reference, type=notice.type, about=notice.about,
            object_reference=notice.object_reference, order_id=notice.order_id, happened_at=notice.happened_at,
            source=source, state=State.IGNORED if notice.about is About.NOTHING else State.RECEIVED,
            received_at=timezone.now(), due_at=timezone.now(),
        )  # fmt: skip
        made = ProviderEvent.objects.bulk_create([row], ignore_conflicts=True)
        return bool(made)


def provider_events_process() -> int:
    """Acts on the events that are due, the oldest first; returns how many. The scheduler calls it."""
    if not provider_name():
        return 0
    with operator_reading():
        due = ProviderEvent.objects.filter(
            state=State.RECEIVED, provider=provider_name(), due_at__lte=timezone.now()
        ).order_by("due_at", "id")
        events = list(due[:AT_ONCE])
    for event in events:
        _process(event)
    return len(events)


def _process(event: ProviderEvent) -> None:
    try:
        mine = _act_on(event)
    except ProviderError as error:
        _again(event, error, final=not isinstance(error, OutcomeUnknown))
        return
    except Exception as error:
        # A mistake of ours, which is not the event's end, and must not be that of those behind it.
        logger.exception("An event of the payment provider could not be acted on; it comes again.")
        _again(event, error, final=False)
        return
    with operator_writing():
        ProviderEvent.objects.filter(id=event.id, state=State.RECEIVED).update(
            state=State.PROCESSED if mine else State.IGNORED, tenant_id=event.tenant_id, error="", error_detail=""
        )


def _again(event: ProviderEvent, error: Exception, *, final: bool) -> None:
    """Puts an event off. What the provider refuses to show is none of ours; all else comes again until it is booked, or
    an operator sets it aside.
    """
    code, detail = reason_of(error)
    pause = min(PAUSE * 2 ** min(event.tries, 10), LONGEST_PAUSE)
    with operator_writing():
        ProviderEvent.objects.filter(id=event.id, state=State.RECEIVED).update(
            tries=min(event.tries + 1, MOST_TRIES),
            due_at=timezone.now() + pause,
            error=code,
            error_detail=detail,
            tenant_id=event.tenant_id,
            state=State.IGNORED if final else State.RECEIVED,
        )


def _act_on(event: ProviderEvent) -> bool:
    """Returns whether the event is about something of ours. Raises ProviderError."""
    match event.about:
        case About.PAYMENT:
            return _payment(event)
        case About.PAGE:
            return _page(event)
        case _:
            return _method(event)


def _payment(event: ProviderEvent) -> bool:
    row = payment_by_reference(event.object_reference) or payment_by_order(event.order_id)
    if row is None and event.order_id:
        return False
    state = provider().payment_state(event.object_reference)
    row = row or payment_by_order(state.order_id)
    if row is None:
        return False
    event.tenant_id = row.tenant_id
    payment_apply(row.id, state)
    return True


def _page(event: ProviderEvent) -> bool:
    page = provider().page_state(event.object_reference)
    row = payment_by_page(page.reference)
    if row is not None:
        event.tenant_id = row.tenant_id
        page_apply(row, page)
        return True
    return _saved_on(page, event)


def page_apply(row: ProviderPayment, page: PageState) -> None:
    """Writes down what became of the page of a payment. Raises ProviderError."""
    if page.payment_reference:
        payment_apply(row.id, provider().payment_state(page.payment_reference), is_over=page.is_over)
    elif page.is_over:
        payment_page_ended(row.id)


def _saved_on(page: PageState, event: ProviderEvent) -> bool:
    """A method that was saved on a page belongs to the customer for whom the page was made."""
    if page.method is None:
        return False
    with operator_reading():
        customer = ProviderCustomer.objects.filter(provider=provider_name(), reference=page.customer).first()
    if customer is None:
        return False
    event.tenant_id = customer.tenant_id
    payment_method_note(tenant_id=customer.tenant_id, saved=page.method, actor=SYSTEM)
    return True


def _method(event: ProviderEvent) -> bool:
    """A method that was taken off at the provider is gone here too; all else about one is as it was."""
    with operator_reading():
        row = PaymentMethod.objects.filter(provider=provider_name(), reference=event.object_reference).first()
    if row is None:
        return False
    event.tenant_id = row.tenant_id
    if event.type.endswith("detached"):
        payment_method_gone(tenant_id=row.tenant_id, method_id=row.id, actor=SYSTEM)
    return True
