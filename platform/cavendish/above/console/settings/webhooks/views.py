"""Webhook endpoints, their deliveries, and what is done to them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.roles.permissions import Permission
from accounts.webhooks.selectors import webhook_attempts, webhook_deliveries, webhook_endpoints
from cavendish.above.console.pages import View
from cavendish.above.console.settings.pages import acting, listed, settings_page, shown
from cavendish.above.console.settings.webhooks import acts, cells
from cavendish.above.console.settings.webhooks.events import names, word
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import SINCE, UNTIL, created, unseen
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.scripts import is_scripted
from cavendish.db import ids

SOON = timedelta(seconds=20)
"""How near the next try has to be for the page to look for it by itself."""

page = settings_page(Permission.WEBHOOKS, current="webhooks")


@page
def webhooks(request: HttpRequest, work: Workplace) -> HttpResponse:
    table: List[WebhookEndpoint] = List(
        title=_("Webhooks"),
        rows=lambda: webhook_endpoints(work.tenant_id, livemode=work.livemode),
        columns=(
            Column(_("Endpoint"), cells.named, kind="th"),
            Column(_("Events"), cells.events, wide=True),
            Column(_("State"), cells.endpoint_state),
            Column(_("Created"), created, wide=True),
            Column(unseen(gettext_lazy("Acts")), cells.endpoint_acts, kind="r"),
        ),
        empty=_("An endpoint is an address of yours that is told when a job ends, or when a key or a budget changes."),
    )
    create = {"address": reverse("console:webhook_new"), "word": _("Create endpoint"), "main": True, "dialog": True}
    lead = _("Events of live mode.") if work.livemode else _("Events of test mode.")
    return listed(
        request, work, table, template="console/settings/webhooks/list.html", actions=[create], modes=True, lead=lead
    )


@page
def webhook_new(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.CreateEndpoint, back=reverse("console:webhooks"))


@page
def webhook(request: HttpRequest, work: Workplace, endpoint_id: str) -> HttpResponse:
    row = _endpoint(work, endpoint_id)
    ends = row.previous_expires_at
    table: List[WebhookDelivery] = List(
        title=row.url,
        rows=lambda: webhook_deliveries(row),
        columns=(
            Column(_("Event"), cells.delivered, kind="th"),
            Column(_("State"), cells.delivery_state),
            Column(_("Answer"), cells.answer, kind="r"),
            Column(_("Tries"), lambda delivery: formats.count(delivery.attempts), kind="r", wide=True),
            Column(_("When"), lambda delivery: formats.ago(delivery.created_at), wide=True),
        ),
        filters=(
            Filter(
                "status", _("State"), equals("status"),
                choices=[(name, text) for name, (_tone, text) in cells.STATES.items()],
            ),
            Filter("event", _("Event"), equals("event_type"), choices=names),
            SINCE,
            UNTIL,
        ),
        empty=_("Nothing was sent here in the last 30 days. Send a test to see whether it arrives."),
        look_through=LOOK_THROUGH,
    )  # fmt: skip
    return listed(
        request,
        work,
        table,
        template="console/settings/webhooks/endpoint.html",
        endpoint=row,
        public_id=endpoint_id,
        state=cells.endpoint_state(row),
        events=[word(name) for name in row.events],
        enabled=row.status == row.Status.ENABLED,
        overlap_until=ends if ends is not None and ends > timezone.now() else None,
    )


def _act(act_class: type[acts.OneEndpoint], *, gone: bool = False) -> View:
    @page
    def view(request: HttpRequest, work: Workplace, endpoint_id: str) -> HttpResponse:
        back = reverse("console:webhooks") if gone else reverse("console:webhook", args=[endpoint_id])
        return acting(request, work, act_class, back=back, endpoint=_endpoint(work, endpoint_id))

    return view


webhook_change = _act(acts.ChangeEndpoint)
webhook_test = _act(acts.SendTest)
webhook_rotate = _act(acts.RotateSecret)
webhook_disable = _act(acts.Disable)
webhook_enable = _act(acts.Enable)
webhook_resend = _act(acts.ResendFailed)
webhook_delete = _act(acts.Delete, gone=True)


@page
def webhook_delivery(request: HttpRequest, work: Workplace, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """What was sent, and each answer. While it is on its way the page looks again by itself."""
    endpoint = _endpoint(work, endpoint_id)
    delivery = _delivery(work, endpoint, delivery_id)
    with work.reading():
        attempts = webhook_attempts(work.tenant_id, delivery.id)
    ended = delivery.status in {delivery.Status.SUCCEEDED, delivery.Status.FAILED}
    next_at = delivery.due_at if delivery.status == delivery.Status.PENDING and attempts else None
    context = {
        "endpoint": endpoint,
        "endpoint_id": endpoint_id,
        "delivery": delivery,
        "delivery_id": delivery_id,
        "event": word(delivery.event_type),
        "state": cells.delivery_state(delivery),
        "body": _indented(delivery.body),
        "attempts": [(attempt, _indented(attempt.response_body)) for attempt in reversed(attempts)],
        "waits": not ended and (next_at is None or next_at - timezone.now() < SOON),
        "next_at": next_at,
        "can_resend": endpoint.status == endpoint.Status.ENABLED and delivery.status != delivery.Status.SENDING,
    }
    only_state = is_scripted(request)
    template = "console/settings/webhooks/attempts.html" if only_state else "console/settings/webhooks/delivery.html"
    return shown(request, work, template, context)


@page
def delivery_resend(request: HttpRequest, work: Workplace, endpoint_id: str, delivery_id: str) -> HttpResponse:
    endpoint = _endpoint(work, endpoint_id)
    back = reverse("console:webhook_delivery", args=[endpoint_id, delivery_id])
    delivery = _delivery(work, endpoint, delivery_id)
    return acting(request, work, acts.Resend, back=back, endpoint=endpoint, delivery=delivery)


@page
def job_secret_show(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.ShowJobSecret, back=reverse("console:webhooks"))


@page
def job_secret_rotate(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.RotateJobSecret, back=reverse("console:webhooks"))


def _endpoint(work: Workplace, public: str) -> WebhookEndpoint:
    """Returns an endpoint of either mode: an address that somebody sends shows the same in both."""
    with work.reading():
        rows = WebhookEndpoint.objects.filter(tenant_id=work.tenant_id, subject=None)
        row: WebhookEndpoint = row_or_404(ids.WEBHOOK_ENDPOINT, public, rows)
    return row


def _delivery(work: Workplace, endpoint: WebhookEndpoint, public: str) -> WebhookDelivery:
    with work.reading():
        row: WebhookDelivery = row_or_404(ids.WEBHOOK_DELIVERY, public, webhook_deliveries(endpoint))
    return row


def _indented(text: str) -> str:
    """Returns JSON with indents, and any other text as it is."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    return json.dumps(value, indent=2, ensure_ascii=False)
