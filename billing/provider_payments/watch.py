"""How it stands with the payment provider: whether it answers, what it told last, what of it is not booked yet."""

from __future__ import annotations

from decimal import Decimal
from threading import Event

from prometheus_client import Gauge

from billing.provider_payments.selectors import newest_event_at, unbooked_read
from billing.providers import provider_name
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
    "Events of the payment provider that wait for a minute or more, payments that cannot be booked, and what is owed.",
)
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
    newest, unbooked = newest_event_at(), unbooked_read().sum
    UNBOOKED.set(unbooked)
    call("gauge_set", "provider_unbooked", Decimal(unbooked), using="system")
    if newest is not None:
        TOLD.set(newest.timestamp())
        call("gauge_set", "provider_event", Decimal(int(newest.timestamp())), using="system")
    return unbooked
