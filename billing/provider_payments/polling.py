"""What the provider is asked by itself: open payments, events that did not come, refunds that no event told of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.db import connections
from django.utils import timezone

from billing.models import ProviderCustomer, ProviderEvent, ProviderPayment
from billing.provider_payments.events import page_apply, provider_event_note
from billing.provider_payments.outcomes import (
    PROVIDER_AWAY,
    payment_apply,
    payment_failed,
    payment_put_off,
    payment_reversals_continue,
    payment_unsure,
)
from billing.provider_payments.selectors import newest_event_at, owed_payments, stuck_payments
from billing.provider_payments.sending import payment_read, payment_send
from billing.provider_payments.troubles import next_check
from billing.provider_payments.watch import provider_answered
from billing.providers import provider, provider_name
from billing.providers.errors import OutcomeUnknown, ProviderError, Refused
from billing.providers.interface import PaymentState
from billing.providers.writing import operator_reading, operator_writing
from cavendish.boot.clock import machine_now
from cavendish.db import ids

logger = logging.getLogger(__name__)

Status = ProviderPayment.Status
AT_ONCE = 200
LANES = 8
OVERLAP = timedelta(minutes=10)
"""How far before the newest event is looked again: events are not delivered in the order in which they happened."""
AT_FIRST = timedelta(hours=1)
LONGEST = timedelta(days=29)
"""Stripe shows events for 30 days."""
BEGUN_AGO = timedelta(seconds=30)
"""After which time a payment that is still being sent was left by a process that died."""
ENOUGH_TRIES = 8
FAILED = object()
KEY_KEPT = timedelta(hours=23)
"""A provider does nothing twice for a key, for a day."""


def provider_poll() -> int:
    """Asks the provider for what webhooks have not told; returns how much was new. The scheduler calls it."""
    if not provider_name():
        return 0
    return _events_find() + _open_payments_check() + _refunds_find() + _reversals_continue()


def in_lanes(run: Callable[[UUID], object], of: Sequence[UUID]) -> int:
    """Runs something for each, several at once, because each waits for the provider. Returns how many did not fail."""
    with ThreadPoolExecutor(max_workers=min(LANES, len(of)) or 1, thread_name_prefix="payments") as lanes:
        shares = [of[lane::LANES] for lane in range(min(LANES, len(of)))]
        return sum(lanes.map(lambda share: _lane(run, share), shares))


def _lane(run: Callable[[UUID], object], share: Iterable[UUID]) -> int:
    try:
        return sum(_alone(run, one) is not FAILED for one in share)
    finally:
        connections.close_all()


def _alone(run: Callable[[UUID], object], one: UUID) -> object:
    """Returns what it returns, or FAILED. The others go on; this one comes again with its next turn."""
    try:
        return run(one)
    except Exception:
        logger.exception("A payment's turn failed.")
        return FAILED


def _events_find() -> int:
    now = machine_now()  # the provider's clock, whatever ours has been moved to
    newest = newest_event_at()
    since = max(newest - OVERLAP, now - LONGEST) if newest is not None else now - AT_FIRST
    try:
        notices = list(provider().events_since(min(since, now - OVERLAP)))
    except ProviderError as error:
        logger.warning("The provider's events could not be read: %s", error.code)
        return 0
    provider_answered()
    return sum(provider_event_note(notice, source=ProviderEvent.Source.POLL) for notice in notices)


def _open_payments_check() -> int:
    now = timezone.now()
    with operator_reading():
        rows = ProviderPayment.objects.filter(provider=provider_name(), status__in=ProviderPayment.OPEN)
        due = rows.filter(check_at__lte=now).order_by("check_at").values_list("id", flat=True)
        # Money that came for one that had ended, and cannot be booked.
        ended = (
            stuck_payments().exclude(status__in=ProviderPayment.OPEN).filter(check_at__lte=now).exclude(reference="")
        )
        late = ended.order_by("check_at").values_list("id", flat=True)
        found = [*due[:AT_ONCE], *late[:AT_ONCE]]
    return in_lanes(payment_check, found)


def payment_check(payment_id: UUID) -> None:
    """Asks for one payment, wherever it was left. A mistake of ours puts it off and holds up no other."""
    with operator_reading():
        row = ProviderPayment.objects.get(id=payment_id)
    try:
        if row.reference:
            payment_apply(row.id, provider().payment_state(row.reference))
        elif row.page_reference:
            page_apply(row, provider().page_state(row.page_reference))
        elif row.tries or row.created_at < timezone.now() - BEGUN_AGO:
            _lost_check(row)
    except ProviderError as error:
        payment_unsure(row.id, error)
    except Exception as error:
        logger.exception("What the provider says of a payment could not be booked; it comes again.")
        payment_put_off(row.id, error)
    else:
        _later(row)


def _later(row: ProviderPayment) -> None:
    with operator_writing():
        ProviderPayment.objects.filter(id=row.id, status__in=ProviderPayment.OPEN, check_at__lte=timezone.now()).update(
            check_at=next_check(0)
        )


def _lost_check(row: ProviderPayment) -> None:
    """A payment whose answer was lost: the provider may have made it. It is looked for, else asked for again by the
    same key. Only what was looked for in vain, again and again, has failed.
    """
    found, sure = _found(row)
    if found is not None:
        payment_apply(row.id, found)
    elif row.method_id is None:
        payment_failed(row.id, _away(), quiet=True)  # a page whose address nobody knows
    elif (sure and row.tries >= ENOUGH_TRIES) or row.created_at < timezone.now() - KEY_KEPT:
        payment_failed(row.id, _away())
    else:
        payment_send(row.id, present=False)


def _found(row: ProviderPayment) -> tuple[PaymentState | None, bool]:
    """Returns the payment where the provider has it, and whether its word can be trusted where it has not."""
    with operator_reading():
        customer = ProviderCustomer.objects.filter(tenant_id=row.tenant_id, provider=row.provider).first()
    if customer is None:
        return None, True
    try:
        order = ids.encode(ids.PROVIDER_PAYMENT, row.id)
        return provider().payment_find(customer=customer.reference, order_id=order), True
    except Refused:
        return None, False


def _away() -> OutcomeUnknown:
    return OutcomeUnknown(PROVIDER_AWAY, "The payment provider did not answer; nothing was charged.")


def _refunds_find() -> int:
    """Finds payments of which more was given back than we know."""
    try:
        refunds = provider().refunds_newest()
    except ProviderError:
        return 0
    changed = 0
    for refund in refunds:
        named = {"reference": refund.payment_reference} if refund.payment_reference else {
            "charge_reference": refund.charge_reference
        }  # fmt: skip
        with operator_reading():
            row = ProviderPayment.objects.filter(provider=provider_name(), status=Status.SUCCEEDED, **named).first()
        if row is not None and row.reference and row.taken_back < min(refund.amount, row.received):
            changed += _alone(_refund_apply, row.id) is True
    return changed


def _refund_apply(payment_id: UUID) -> bool:
    row = payment_read(payment_id)
    try:
        payment_apply(row.id, provider().payment_state(row.reference))
    except ProviderError as error:
        logger.warning("A refunded payment could not be read: %s", error.code)
        return False
    return True


def _reversals_continue() -> int:
    now = timezone.now()
    with operator_reading():
        owed = owed_payments().filter(check_at__lte=now).order_by("check_at", "id")
        found = list(owed.values_list("id", flat=True)[:AT_ONCE])
    return sum(_reversal_continue(payment_id) for payment_id in found)


def _reversal_continue(payment_id: UUID) -> bool:
    """Takes what is owed as far as it goes. A mistake of ours puts it off."""
    try:
        return payment_reversals_continue(payment_id)
    except Exception as error:
        logger.exception("What the provider took back could not be booked; it comes again.")
        payment_put_off(payment_id, error)
        return False
