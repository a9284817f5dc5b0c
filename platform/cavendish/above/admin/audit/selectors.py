"""The audit log of everybody, as the operator. Each search follows an index of ids, which are ordered by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiKey, AuditEvent, OperatorKey, User
from cavendish.db import ids

KINDS = frozenset({"person", "key", "operator", "operator_key", "system"})
SLACK = timedelta(hours=1)
"""How far the clock of who makes an id may be from PostgreSQL's, which says when a row was written."""


@dataclass(frozen=True)
class AuditSearch:
    """What is looked for; None means everything.

    `platform` is for events that are no tenant's. `actor` is an id (usr_…, key_…, opk_…), an email or a key's prefix,
    or a kind: person, key, operator, operator_key, system. `action` is "api_key.revoked", or "api_key" for all that
    begin so. `target` is the id of an object in any spelling. `before` ends a time.
    """

    tenant_id: UUID | None = None
    platform: bool = False
    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    before: datetime | None = None


def audit_search(search: AuditSearch, *, after_id: UUID | None = None, limit: int = 50) -> list[AuditEvent]:
    """Returns events, the newest first; `after_id` is the last id of the page before."""
    rows = _filtered(AuditEvent.objects.order_by("-id"), search)
    if after_id is not None:
        rows = rows.filter(id__lt=after_id)
    return list(rows.select_related("tenant")[:limit])


def audit_find(event_id: UUID) -> AuditEvent | None:
    event: AuditEvent | None = AuditEvent.objects.select_related("tenant").filter(id=event_id).first()
    return event


def audit_actions() -> list[str]:
    """Returns the actions that the log has, by name, with a step through the index for each of them."""
    actions: list[str] = []
    rows = AuditEvent.objects.order_by("action").values_list("action", flat=True)
    action = rows.first()
    while action is not None:
        actions.append(action)
        action = rows.filter(action__gt=action).first()
    return actions


def _filtered(rows: QuerySet[AuditEvent], search: AuditSearch) -> QuerySet[AuditEvent]:
    if search.tenant_id is not None:
        rows = rows.filter(tenant_id=search.tenant_id)
    if search.platform:
        rows = rows.filter(tenant_id__isnull=True)
    if search.actor in KINDS:
        rows = rows.filter(actor_kind=search.actor)
    elif search.actor:
        rows = rows.filter(actor_id__in=actor_ids(search.actor))
    if search.action and "." in search.action:
        rows = rows.filter(action=search.action)
    elif search.action:
        rows = rows.filter(action__in=[each for each in audit_actions() if each.startswith(f"{search.action}.")])
    if search.target:
        rows = rows.filter(target_id=search.target.rpartition("_")[2].replace("-", "").lower())
    if search.since is not None:
        rows = rows.filter(at__gte=search.since, id__gte=ids.first_at(search.since - SLACK))
    if search.before is not None:
        rows = rows.filter(at__lt=search.before, id__lt=ids.first_at(search.before + SLACK))
    return rows


def actor_ids(text: str) -> list[UUID]:
    """Returns whom a text names: by id, by email or by a key's prefix."""
    text = text.strip()
    for prefix in (ids.USER, ids.API_KEY, ids.OPERATOR_KEY):
        if (actor_id := ids.decode(prefix, text.lower())) is not None:
            return [actor_id]
    if "@" in text:
        return list(User.objects.filter(email=text.lower()).values_list("id", flat=True))
    found = list(ApiKey.objects.filter(prefix=text).values_list("id", flat=True))
    return [*found, *OperatorKey.objects.filter(prefix=text).values_list("id", flat=True)]
