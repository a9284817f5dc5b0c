"""How it stands with the payment provider: whether it answers, what it told last, what of it is not booked yet."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from threading import Event

from django.db.models import F
from django.utils import timezone
from prometheus_client import Gauge

from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.selectors import newest_event_at
from billing.providers import provider_name
from billing.providers.writing import operator_reading
from cavendish.boot.clock import machine_now
from cavendish.db.call import call

ANSWERED = Gauge(
    "cavendish_provider_answer_timestamp_seconds",
    "When the payment provider last answered the question for new events, in seconds since 1970.",
)
TOLD = Gauge(
    "cavendish_provider_event_timestamp_seconds",
    "When the newest event of the payment provider happened, in seconds since 1970.",
)
UNBOOKED = Gauge(
    "cavendish_provider_unbooked",
    "Events of the payment provider that wait for a minute or more, and payments taken back that are owed.",
)
LATE = timedelta(minutes=1)
_asked = Event()
"""Set from this process's first question on."""


def provider_answered() -> None:
    """Notes that the provider has just answered, for the metric and the admin's front page."""
    now = machine_now().timestamp()
    _asked.set()
    ANSWERED.set(now)
    call("gauge_set", "provider_answered", Decimal(int(now)), using="system")


def provider_watch() -> int:
    """Counts what is told and not booked; returns it. The scheduler calls it."""
    if not provider_name():
        return 0
    if not _asked.is_set():
        # One that is away since the start has been silent since then; 0 is where none is set.
        _asked.set()
        ANSWERED.set(machine_now().timestamp())
    with operator_reading():
        waiting: int = ProviderEvent.objects.filter(
            state=ProviderEvent.State.RECEIVED, provider=provider_name(), received_at__lt=timezone.now() - LATE
        ).count()
        # few, and an index of their own leads to them
        succeeded = ProviderPayment.objects.filter(status=ProviderPayment.Status.SUCCEEDED)
        owed: int = succeeded.exclude(taken_back=F("reversed")).count()
        newest = newest_event_at()
    unbooked = waiting + owed
    UNBOOKED.set(unbooked)
    call("gauge_set", "provider_unbooked", Decimal(unbooked), using="system")
    if newest is not None:
        TOLD.set(newest.timestamp())
        call("gauge_set", "provider_event", Decimal(int(newest.timestamp())), using="system")
    return unbooked
