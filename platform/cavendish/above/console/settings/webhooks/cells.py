"""How endpoints and deliveries read."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import WebhookDelivery, WebhookEndpoint
from cavendish.above.console.settings.webhooks.events import word
from cavendish.above.ui import formats
from cavendish.above.ui.cells import in_row
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import clauses
from cavendish.db import ids

EVENTS_SHOWN = 3
STATES = {
    "pending": ("waiting", _("Waiting")),
    "sending": ("waiting", _("Sending")),
    "succeeded": ("good", _("Delivered")),
    "failed": ("bad", _("Failed")),
}


def public(endpoint: WebhookEndpoint) -> str:
    return ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id)


def endpoint_state(endpoint: WebhookEndpoint) -> SafeString:
    """Returns whether it gets events, and why not; or since when it fails."""
    reasons = {
        "gone": gettext("Disabled: the receiver answered 410"), "failing": gettext("Disabled: it failed for days"),
    }  # fmt: skip
    if endpoint.status == endpoint.Status.DISABLED:
        if endpoint.disabled_reason in reasons:
            return formats.status("bad", reasons[endpoint.disabled_reason])
        return formats.status("off", gettext("Disabled"))
    if endpoint.failing_since is not None:
        return format_html("{}", formats.status("bad", gettext("Failing")))
    return formats.status("good", gettext("Enabled"))


def events(endpoint: WebhookEndpoint) -> SafeString:
    texts = [word(name) for name in endpoint.events]
    more = len(texts) - EVENTS_SHOWN
    text = clauses(*texts[:EVENTS_SHOWN]) + (gettext("; %d more") % more if more > 0 else "")
    return format_html('<span class="permissions">{}</span>', text)


def named(endpoint: WebhookEndpoint) -> SafeString:
    address = reverse("console:webhook", args=[public(endpoint)])
    about = format_html('<span class="quiet">{}</span>', endpoint.description) if endpoint.description else ""
    return format_html('<span class="who"><a class="cut" href="{}">{}</a>{}</span>', address, endpoint.url, about)


def endpoint_acts(endpoint: WebhookEndpoint) -> Any:
    if endpoint.status != endpoint.Status.ENABLED:
        return ""
    address = reverse("console:webhook_test", args=[public(endpoint)])
    return in_row([{"address": address, "word": _("Send test"), "of": endpoint.url, "dialog": True, "small": True}])


def delivery_state(delivery: WebhookDelivery) -> SafeString:
    if delivery.status == delivery.Status.PENDING and delivery.attempts:
        return formats.status("bad", gettext("Failed, will retry"))
    tone, text = STATES[delivery.status]
    return formats.status(tone, str(text))


def answer(delivery: WebhookDelivery) -> str:
    """Returns what the receiver answered last, or what stood in the way."""
    if delivery.http_status is not None:
        return str(delivery.http_status)
    return label(delivery.error) or "–"


def delivered(delivery: WebhookDelivery) -> SafeString:
    address = reverse(
        "console:webhook_delivery",
        args=[
            ids.encode(ids.WEBHOOK_ENDPOINT, delivery.endpoint_id), ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)
        ],
    )  # fmt: skip
    return format_html(
        '<span class="who"><a href="{}">{}</a><span class="quiet">{}</span></span>',
        address, word(delivery.event_type), delivery.event_type,
    )  # fmt: skip
