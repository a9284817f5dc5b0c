"""Webhooks as the operator sees them: how deliveries go, and what each endpoint's were answered."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from accounts.models import WebhookDelivery, WebhookEndpoint
from cavendish.above.admin.home.selectors import parts
from cavendish.above.admin.home.selectors.window import Window


def webhooks_health() -> parts.Webhooks:
    """Returns the attempts of 24 hours, and what waits now, as the front page has them."""
    window = Window(timezone.now())
    return parts.webhooks(window, parts.gauges_read(window))


def endpoint_find(endpoint_id: UUID) -> WebhookEndpoint | None:
    row: WebhookEndpoint | None = WebhookEndpoint.objects.select_related("tenant").filter(id=endpoint_id).first()
    return row


def delivery_find(endpoint: WebhookEndpoint, delivery_id: UUID) -> WebhookDelivery | None:
    rows = WebhookDelivery.objects.filter(tenant_id=endpoint.tenant_id, endpoint_id=endpoint.id, id=delivery_id)
    row: WebhookDelivery | None = rows.first()
    return row
