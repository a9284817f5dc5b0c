"""What was asked for at the payment provider, of all tenants or one; and the log of the provider's events."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import ProviderEvent, ProviderPayment
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals, list_page
from cavendish.above.ui.payments import payment_state
from cavendish.db import ids

Status = ProviderPayment.Status
TONES = {"received": "waiting", "processed": "good", "ignored": "off"}


def _for(row: ProviderPayment) -> Any:
    text = label(row.get_purpose_display())
    return link(ids.INVOICE, row.invoice_id, text) if row.invoice_id else text


def _owed(row: ProviderPayment) -> Any:
    owed = row.taken_back - row.reversed
    return format_html('<b class="bad">{}</b>', formats.money(owed, row.currency)) if owed > 0 else "–"


def _narrowed(rows: QuerySet[ProviderPayment], value: str) -> QuerySet[ProviderPayment]:
    match value:
        case "open":
            return rows.filter(status__in=ProviderPayment.OPEN)
        case "owed":
            return rows.filter(status=Status.SUCCEEDED).exclude(taken_back=F("reversed"))
        case _:
            return rows.filter(status=value)


def _few(rows: QuerySet[ProviderPayment], value: str) -> QuerySet[ProviderPayment] | None:
    """Narrows to what an index of its own serves: what is open, and what is owed."""
    return _narrowed(rows, value) if value in {"open", "owed"} else None


PAYMENTS: List[ProviderPayment] = List(
    title=_("Provider payments"),
    rows=lambda: ProviderPayment.objects.select_related("tenant", "method"),
    columns=(
        Column(_("When"), created),
        Column(_("For"), _for, kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), payment_state),
        Column(_("Amount"), lambda row: formats.money(row.amount, row.currency), kind="r"),
        Column(_("Owed"), _owed, kind="r"),
        Column(_("Movement"), lambda row: link(ids.LEDGER_TRANSACTION, row.ledger_transaction_id), wide=True),
        Column(_("At the provider"), lambda row: formats.copy_id(row.reference) if row.reference else "–", wide=True),
        Column(_("By"), lambda row: row.actor[:40], wide=True),
    ),
    filters=(
        TENANT,
        Filter(
            "state", _("State"), _narrowed, index=_few, rank=1,
            choices=(
                ("open", _("Open")), ("succeeded", _("Succeeded")), ("failed", _("Failed")),
                ("owed", pgettext_lazy("payment", "Taken back and owed")),
            ),
        ),
        Filter("reference", _("Reference"), equals("reference"), index=equals("reference"), rank=0),
    ),
    look_through=LOOK_THROUGH,
    empty=_("Nothing was asked for at a payment provider yet."),
)  # fmt: skip


def _event_state(row: ProviderEvent) -> Any:
    state = formats.status(TONES[row.state], label(row.get_state_display()))
    return format_html('{} <span class="quiet small">{}</span>', state, row.error) if row.error else state


def _about(row: ProviderEvent) -> Any:
    return formats.copy_id(row.object_reference) if row.object_reference else "–"


EVENTS: List[ProviderEvent] = List(
    title=_("Provider events"),
    rows=lambda: ProviderEvent.objects.all(),
    columns=(
        Column(_("Received"), lambda row: formats.moment(row.received_at)),
        Column(_("Event"), lambda row: row.type, kind="th"),
        Column(_("State"), _event_state),
        Column(_("Came by"), lambda row: label(row.get_source_display())),
        Column(_("Tenant"), lambda row: link(ids.TENANT, row.tenant_id) if row.tenant_id else "–"),
        Column(_("About"), _about, wide=True),
        Column(_("Id"), lambda row: formats.copy_id(row.reference), wide=True),
    ),
    filters=(Filter("id", _("Id"), equals("reference"), index=equals("reference"), rank=0),),
    empty=_("The provider has told nothing yet."),
)


@operator_page(section="ledger")
def payments(request: HttpRequest) -> HttpResponse:
    return list_page(request, PAYMENTS, template="admin/payments/list.html", context={"here": "payments"})


@operator_page(section="ledger")
def events(request: HttpRequest) -> HttpResponse:
    return list_page(request, EVENTS, template="admin/payments/list.html", context={"here": "provider_events"})
