"""Payments at the provider and its events: what is not in the books stands out, and is decided here."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.roles.operators import OperatorPermission, operator_can
from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.selectors import event_by_reference, unbooked_read
from cavendish.above.admin.links import address_of
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.payments.acts import EventSetAside, EventTryAgain, PaymentSetAside, PaymentTryAgain
from cavendish.above.admin.payments.lists import PAYMENTS, event_state, events_list, state_cell
from cavendish.above.admin.payments.page import (
    acts_of,
    events_of,
    heading,
    payment_find,
    payment_of,
    provider_said,
    sight_of,
)
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.db import ids

MONEY = OperatorPermission.MONEY
LIST = "admin/payments/list.html"
SIGHT = "admin/payments/sight.html"


@operator_page(section="ledger")
def payments(request: HttpRequest) -> HttpResponse:
    return list_page(request, PAYMENTS, template=LIST, context={"here": "payments", "unbooked": unbooked_read()})


@operator_page(section="ledger")
def events(request: HttpRequest) -> HttpResponse:
    context = {"here": "provider_events", "unbooked": unbooked_read()}
    return list_page(request, events_list(may=_may(request)), template=LIST, context=context)


@operator_page(section="ledger")
def payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    row = _payment(payment_id)
    context: dict[str, Any] = {
        **sight_of(row),
        "heading": heading(row),
        "state": state_cell(row),
        "actions": acts_of(row) if _may(request) else [],
        "events": [(event, event_state(event)) for event in events_of(row)],
        "said": provider_said(row) if "ask" in request.GET else None,
    }
    return render(request, "admin/payments/payment.html", context)


@operator_page(section="ledger")
def payment_says(request: HttpRequest, payment_id: str) -> HttpResponse:
    """What the provider says now, for a place in a page."""
    row = _payment(payment_id)
    return render(request, "admin/payments/says.html", {"payment": row, "said": provider_said(row)})


@operator_page(MONEY, section="ledger")
def payment_retry(request: HttpRequest, payment_id: str) -> HttpResponse:
    row = _payment(payment_id)
    return _of_payment(request, PaymentTryAgain(request.POST or None, payment=row), row)


@operator_page(MONEY, section="ledger")
def payment_set_aside(request: HttpRequest, payment_id: str) -> HttpResponse:
    row = _payment(payment_id)
    return _of_payment(request, PaymentSetAside(request.POST or None, payment=row), row)


@operator_page(MONEY, section="ledger")
def event_retry(request: HttpRequest, event_id: str) -> HttpResponse:
    event = _event(event_id)
    return _of_event(request, EventTryAgain(request.POST or None, event=event), event)


@operator_page(MONEY, section="ledger")
def event_set_aside(request: HttpRequest, event_id: str) -> HttpResponse:
    event = _event(event_id)
    return _of_event(request, EventSetAside(request.POST or None, event=event), event)


def _of_payment(request: HttpRequest, act: PaymentTryAgain | PaymentSetAside, row: ProviderPayment) -> HttpResponse:
    extra = {"sight": SIGHT, **sight_of(row), "state": state_cell(row)}
    return operator_act(request, act, back=address_of(ids.PROVIDER_PAYMENT, row.id), extra=extra)


def _of_event(request: HttpRequest, act: EventTryAgain | EventSetAside, event: ProviderEvent) -> HttpResponse:
    row = payment_of(event)
    extra = {"sight": SIGHT, "event": event, "event_state": event_state(event), **sight_of(row)}
    extra["state"] = state_cell(row) if row is not None else ""
    return operator_act(request, act, back=f"{reverse('admin:provider_events')}?state=waiting", extra=extra)


def _may(request: HttpRequest) -> bool:
    return operator_can(operator_of(request), MONEY)


def _payment(text: str) -> ProviderPayment:
    return find_or_404(ids.PROVIDER_PAYMENT, text, payment_find)


def _event(reference: str) -> ProviderEvent:
    row = event_by_reference(reference)
    if row is None:
        raise Http404
    return row
