"""Reads of webhook endpoints and of the log of their deliveries, in a tenant's context."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


def webhook_endpoints(tenant_id: UUID, *, livemode: bool, dialect: str | None = None) -> QuerySet[WebhookEndpoint]:
    """Returns the endpoints that a key of this mode sees: those of its own mode."""
    rows: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.filter(
        tenant_id=tenant_id, subject=None, livemode=livemode
    )
    return rows if dialect is None else rows.filter(dialect=dialect)


def webhook_deliveries(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(
        tenant_id=endpoint.tenant_id, endpoint_id=endpoint.id
    )
    return rows


def webhook_attempts(tenant_id: UUID, delivery_id: UUID) -> list[WebhookAttempt]:
    """Returns all attempts of a delivery, the oldest first."""
    return list(WebhookAttempt.objects.filter(tenant_id=tenant_id, delivery_id=delivery_id).order_by("id")[:1000])


def last_attempts(tenant_id: UUID, deliveries: Sequence[WebhookDelivery]) -> dict[UUID, WebhookAttempt]:
    """Returns the last attempt of each delivery of a page, by the delivery's id."""
    rows = WebhookAttempt.objects.filter(tenant_id=tenant_id, delivery_id__in=[row.id for row in deliveries])
    return {row.delivery_id: row for row in rows.order_by("delivery_id", "-id").distinct("delivery_id")}
