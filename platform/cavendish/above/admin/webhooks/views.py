"""Webhook endpoints of all tenants, and an endpoint's page with its deliveries."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import WebhookDelivery, WebhookEndpoint
from cavendish.above.admin.links import MODE, SINCE, TENANT, UNTIL, created, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.db import ids


def endpoint_state(endpoint: WebhookEndpoint) -> Any:
    if endpoint.status == WebhookEndpoint.Status.DISABLED:
        return formats.status("bad", str(_("Disabled")))
    if endpoint.failing_since is not None:
        return formats.status("waiting", str(_("Failing")))
    return formats.state("enabled")


def _failing(rows: QuerySet[WebhookEndpoint], value: str) -> QuerySet[WebhookEndpoint]:
    match value:
        case "failing":
            return rows.exclude(failing_since=None)
        case _:
            return rows.filter(status=value)


ENDPOINTS: List[WebhookEndpoint] = List(
    title=_("Webhooks"),
    rows=lambda: WebhookEndpoint.objects.select_related("tenant").filter(subject=None),
    columns=(
        Column(_("Endpoint"), lambda row: link(ids.WEBHOOK_ENDPOINT, row.id, row.url[:80]), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), endpoint_state),
        Column(_("Why"), lambda row: row.get_disabled_reason_display() or "", wide=True),
        Column(_("Failing"), lambda row: formats.ago(row.failing_since) if row.failing_since else "–", wide=True),
        Column(_("Mode"), lambda row: formats.livemode(row.livemode), wide=True),
        Column(_("Created"), created, wide=True),
    ),
    filters=(
        TENANT,
        Filter(
            "state", _("State"), _failing,
            choices=(("enabled", _("Enabled")), ("failing", _("Failing")), ("disabled", _("Disabled"))),
        ),
        MODE,
    ),
    empty=_("Tenants add endpoints over the API."),
)  # fmt: skip


def _answer(row: WebhookDelivery) -> Any:
    if row.http_status:
        return str(row.http_status)
    return format_html('<span class="quiet">{}</span>', row.error or "–")


DELIVERIES: List[WebhookDelivery] = List(
    title=_("Deliveries"),
    rows=lambda: WebhookDelivery.objects.all(),
    columns=(
        Column(_("Age"), created),
        Column(_("Event"), lambda row: row.event_type, kind="th"),
        Column(_("State"), lambda row: formats.state(row.status)),
        Column(_("Answer"), _answer),
        Column(_("Attempts"), lambda row: formats.count(row.attempts), kind="r"),
        Column(_("Delivery"), lambda row: formats.copy_id(ids.encode(ids.WEBHOOK_DELIVERY, row.id)), wide=True),
    ),
    filters=(
        Filter("status", _("State"), equals("status"), choices=WebhookDelivery.Status.choices),
        SINCE,
        UNTIL,
    ),
    empty=_("Nothing was sent to it yet."),
)


@operator_page(section="webhooks")
def webhooks(request: HttpRequest) -> HttpResponse:
    return list_page(request, ENDPOINTS)


@operator_page(section="webhooks")
def webhook_endpoint(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    value = ids.decode(ids.WEBHOOK_ENDPOINT, endpoint_id)
    row: Any = WebhookEndpoint.objects.select_related("tenant").filter(id=value).first() if value else None
    if row is None:
        raise Http404
    table: List[WebhookDelivery] = List(
        title=DELIVERIES.title,
        rows=lambda: WebhookDelivery.objects.filter(tenant_id=row.tenant_id, endpoint_id=row.id),
        columns=DELIVERIES.columns,
        filters=DELIVERIES.filters,
        empty=DELIVERIES.empty,
    )
    context = {"endpoint": row, "public_id": endpoint_id, "state": endpoint_state(row)}
    return list_page(request, table, template="admin/webhooks/endpoint.html", context=context)
