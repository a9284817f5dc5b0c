"""Writes of events by services in Python. SQL functions call the SQL function `event_add`, which does the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cavendish.events.models import Event


def event_add(*, tenant_id: UUID, subject: UUID, type: str, data: Mapping[str, Any] | None = None) -> None:
    """Adds a row in the caller's transaction, for the history, server-sent events and webhooks.

    `type` names the subject's kind first, as in "invoice.finalised". `data` must not contain prompts or other content.
    """
    Event.objects.create(tenant_id=tenant_id, subject=subject, type=type, data=dict(data or {}))
