"""Writes of events. What happens in SQL functions calls `event_add` there; this is its twin for services in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cavendish.events.models import Event


def event_add(*, tenant_id: UUID, subject: UUID, type: str, data: Mapping[str, Any] | None = None) -> None:
    """A row in the caller's transaction: history, and what webhooks are sent from. `data` holds no content.

    `type` names the subject's kind first, "invoice.finalised".
    """
    Event.objects.create(tenant_id=tenant_id, subject=subject, type=type, data=dict(data or {}))
