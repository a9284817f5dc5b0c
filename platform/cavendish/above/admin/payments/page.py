"""A payment at the provider as its page and its acts show it: what it is about, and what the provider says now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.decisions import is_undecided, payment_says
from billing.provider_payments.selectors import events_about
from billing.provider_payments.troubles import is_stuck, payment_owed
from billing.providers import provider_name
from billing.providers.errors import ProviderError
from billing.providers.interface import PaymentState
from cavendish.above.admin.payments.acts import PaymentSetAside, PaymentTryAgain
from cavendish.above.ui import formats
from cavendish.above.ui.labels import label
from cavendish.above.ui.payments import dispute_text, method_text, problem_text
from cavendish.db import ids

PROGRESS = {"pending": "waiting", "requires_action": "waiting", "succeeded": "good", "failed": "bad"}
MOST_EVENTS = 50


@dataclass(frozen=True)
class Said:
    """What the provider says of a payment now, or why it says nothing."""

    state: PaymentState | None
    error: str = ""

    @property
    def progress(self) -> str:
        """The progress as the platform's states are told: dot, word and icon."""
        assert self.state is not None
        value = self.state.progress.value
        return formats.status(PROGRESS[value], label(ProviderPayment.Status(value).label))

    @property
    def dispute(self) -> str:
        return dispute_text(self.state.dispute) if self.state is not None else ""


def provider_said(row: ProviderPayment) -> Said:
    """Asks the provider."""
    try:
        return Said(payment_says(row.id))
    except ProviderError as error:
        return Said(None, problem_text(error.code, error.message))


def payment_find(value: Any) -> ProviderPayment | None:
    rows = ProviderPayment.objects.select_related("tenant", "method", "invoice")
    row: ProviderPayment | None = rows.filter(id=value).first()
    return row


def payment_of(event: ProviderEvent) -> ProviderPayment | None:
    """Returns the payment that an event is about."""
    named = Q(reference=event.object_reference) | Q(page_reference=event.object_reference)
    rows = ProviderPayment.objects.select_related("tenant", "method", "invoice").filter(named, provider=event.provider)
    row: ProviderPayment | None = rows.first() if event.object_reference else None
    if row is None and (ours := ids.decode(ids.PROVIDER_PAYMENT, event.order_id)):
        row = payment_find(ours)
    return row


def events_of(row: ProviderPayment) -> list[ProviderEvent]:
    """Returns what the provider told of a payment, the newest first."""
    return list(events_about(row).order_by("-happened_at", "-id")[:MOST_EVENTS])


def heading(row: ProviderPayment) -> str:
    """Returns what there is to know: what is wrong, or what it is."""
    amount, owed = formats.money(row.amount, row.currency), payment_owed(row)
    if is_stuck(row) and row.came is not None:
        return _("%s came and is not booked") % formats.money(row.came, row.came_currency)
    if is_stuck(row):
        return _("%s cannot be booked") % amount
    if owed > 0:
        return _("%(owed)s of %(amount)s is owed") % {"owed": formats.money(owed, row.currency), "amount": amount}
    return _("%(what)s of %(amount)s") % {"what": label(row.get_purpose_display()), "amount": amount}


def sight_of(row: ProviderPayment | None) -> dict[str, Any]:
    """Returns what a page says of a payment: its facts, why it is not booked, where the provider is asked."""
    if row is None:
        return {"payment": None}
    public = ids.encode(ids.PROVIDER_PAYMENT, row.id)
    asks = row.provider == provider_name() and bool(row.reference or row.page_reference)
    return {
        "payment": row,
        "public_id": public,
        "owed": payment_owed(row),
        "method": method_text(row.method) if row.method else "",
        "dispute": dispute_text(row.dispute) if row.dispute else "",
        "why": problem_text(row.problem, row.problem_detail) if row.problem else "",
        "is_stuck": is_stuck(row),
        "is_open": row.status in ProviderPayment.OPEN,
        "says": reverse("admin:provider_payment_says", args=[public]) if asks else "",
    }


def acts_of(row: ProviderPayment) -> list[dict[str, Any]]:
    """Returns the buttons of a payment about which something is left to do."""
    if not is_undecided(row):
        return []
    public = ids.encode(ids.PROVIDER_PAYMENT, row.id)
    return [
        {"address": reverse(f"admin:provider_payment_{name}", args=[public]), "word": act.word, "dialog": True}
        for name, act in (("set_aside", PaymentSetAside), ("retry", PaymentTryAgain))
    ]
