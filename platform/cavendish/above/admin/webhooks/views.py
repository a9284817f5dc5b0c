"""Webhook endpoints of all tenants, an endpoint's deliveries, and a delivery with its attempts and their answers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.roles.operators import OperatorPermission, operator_can
from accounts.webhooks.selectors import webhook_attempts
from cavendish.above.admin.links import TENANT, address_of, link, tenant_link
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.webhooks.acts import Resend, ResendFailed
from cavendish.above.admin.webhooks.selectors import delivery_find, endpoint_find, webhooks_health
from cavendish.above.ui import formats
from cavendish.above.ui.cells import MODE, SINCE, UNTIL, created, unseen
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals, list_page
from cavendish.above.ui.sayings import said
from cavendish.db import ids


def endpoint_state(endpoint: WebhookEndpoint) -> Any:
    if endpoint.status == WebhookEndpoint.Status.DISABLED:
        by_tenant = endpoint.disabled_reason == WebhookEndpoint.Reason.BY_TENANT
        return formats.status("off" if by_tenant else "bad", str(_("Disabled")))
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
        Column(_("Why"), lambda row: label(row.get_disabled_reason_display() or ""), wide=True),
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
    return format_html('<span class="quiet">{}</span>', said(row.error) or "–")


def _delivery(row: WebhookDelivery) -> Any:
    return format_html('<a href="{}">{}</a>', delivery_address(row), row.event_type)


def delivery_address(row: WebhookDelivery) -> str:
    return reverse(
        "admin:webhook_delivery",
        args=[ids.encode(ids.WEBHOOK_ENDPOINT, row.endpoint_id), ids.encode(ids.WEBHOOK_DELIVERY, row.id)],
    )


def _due(row: WebhookDelivery) -> Any:
    if row.status != WebhookDelivery.Status.PENDING:
        return "–"
    return formats.moment(row.due_at) if row.due_at > timezone.now() else _("now")


def _failed(rows: QuerySet[WebhookDelivery], value: str) -> QuerySet[WebhookDelivery] | None:
    """Narrows to what failed for good, which has an index."""
    return rows.filter(status=value) if value == WebhookDelivery.Status.FAILED else None


def _resend(row: WebhookDelivery) -> Any:
    if row.status == WebhookDelivery.Status.SUCCEEDED:
        return ""  # its page has the button
    address = f"{delivery_address(row)}resend/"
    action = {"address": address, "word": Resend.word, "of": row.event_type, "dialog": True, "small": True}
    return render_to_string("ui/action.html", {"action": action})


COLUMNS = (
    Column[WebhookDelivery](_("Age"), created),
    Column[WebhookDelivery](_("Event"), _delivery, kind="th"),
    Column[WebhookDelivery](_("State"), lambda row: formats.state(row.status)),
    Column[WebhookDelivery](_("Answer"), _answer, wide=True),
    Column[WebhookDelivery](_("Attempts"), lambda row: formats.count(row.attempts), kind="r", wide=True),
    Column[WebhookDelivery](pgettext_lazy("delivery", "Due"), _due, wide=True),
)
RESEND: Column[WebhookDelivery] = Column(unseen(_("Act")), _resend, kind="r")


@operator_page(section="webhooks")
def webhooks(request: HttpRequest) -> HttpResponse:
    health = webhooks_health()
    context = {"health": health, "attempts": health.succeeded + health.retried + health.failed}
    return list_page(request, ENDPOINTS, template="admin/webhooks/webhooks.html", context=context)


@operator_page(section="webhooks")
def webhook_endpoint(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    row = _endpoint_of(endpoint_id)
    may = _may_resend(request, row)
    table: List[WebhookDelivery] = List(
        title=_("Deliveries"),
        rows=lambda: WebhookDelivery.objects.filter(tenant_id=row.tenant_id, endpoint_id=row.id),
        columns=(*COLUMNS, RESEND) if may else COLUMNS,
        filters=(
            Filter("status", _("State"), equals("status"), choices=WebhookDelivery.Status.choices, index=_failed),
            SINCE,
            UNTIL,
        ),
        look_through=LOOK_THROUGH,
        empty=_("Nothing was sent to it yet."),
    )
    address = reverse("admin:webhook_resend_failed", args=[endpoint_id])
    context = {
        "endpoint": row,
        "public_id": endpoint_id,
        "state": endpoint_state(row),
        "actions": [{"address": address, "word": ResendFailed.word, "dialog": True}] if may else [],
    }
    return list_page(request, table, template="admin/webhooks/endpoint.html", context=context)


@operator_page(section="webhooks")
def webhook_delivery(request: HttpRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    endpoint, row = _delivery_of(endpoint_id, delivery_id)
    arrived = row.status == WebhookDelivery.Status.SUCCEEDED
    action = {"address": f"{delivery_address(row)}resend/", "word": Resend.word, "main": not arrived, "dialog": True}
    context = {
        "endpoint": endpoint,
        "endpoint_id": endpoint_id,
        "delivery": row,
        "public_id": delivery_id,
        "attempts": webhook_attempts(row.tenant_id, row.id),
        "actions": [action] if _may_resend(request, endpoint) else [],
    }
    return render(request, "admin/webhooks/delivery.html", context)


@operator_page(OperatorPermission.JOBS, section="webhooks")
def resend(request: HttpRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    endpoint, row = _delivery_of(endpoint_id, delivery_id)
    act = Resend(request.POST or None, delivery=row, url=endpoint.url)
    return operator_act(request, act, back=delivery_address(row))


@operator_page(OperatorPermission.JOBS, section="webhooks")
def resend_failed(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    row = _endpoint_of(endpoint_id)
    return operator_act(
        request, ResendFailed(request.POST or None, endpoint=row), back=address_of(ids.WEBHOOK_ENDPOINT, row.id)
    )


def _may_resend(request: HttpRequest, endpoint: WebhookEndpoint) -> bool:
    """Returns whether a button would act: what is sent to the URL of a single job is not sent again."""
    sends = endpoint.status == WebhookEndpoint.Status.ENABLED and endpoint.subject is None
    return sends and operator_can(operator_of(request), OperatorPermission.JOBS)


def _endpoint_of(text: str) -> WebhookEndpoint:
    value = ids.decode(ids.WEBHOOK_ENDPOINT, text)
    row = endpoint_find(value) if value else None
    if row is None:
        raise Http404
    return row


def _delivery_of(endpoint_text: str, text: str) -> tuple[WebhookEndpoint, WebhookDelivery]:
    endpoint, value = _endpoint_of(endpoint_text), ids.decode(ids.WEBHOOK_DELIVERY, text)
    row = delivery_find(endpoint, value) if value else None
    if row is None:
        raise Http404
    return endpoint, row
