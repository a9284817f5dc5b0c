"""Where settings are, and what their pages say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import AuditEvent, Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.people.visitors import Visitor, extract, shown

SETTINGS = "/console/settings/"


def do(visitor: Visitor, path: str, **values: Any) -> Any:
    """Sends an act's form as its button does, in a dialog; returns the answer."""
    return visitor.post(f"{SETTINGS}{path}", headers={"HX-Request": "true"}, confirm="1", **values)


def done(visitor: Visitor, path: str, **values: Any) -> str:
    """Does an act that leads back; returns what the page after it says."""
    answer = do(visitor, path, **values)
    assert answer.status_code == 204, shown(answer)
    return page(visitor, answer.headers["HX-Redirect"])


def page(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path if path.startswith("/") else f"{SETTINGS}{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return shown(answer)


def secret_of(answer: Any) -> str:
    """The secret that a page shows, which no cache may keep."""
    assert answer.headers["Cache-Control"] == "no-store"
    return extract(r'data-copy="((?:cvd_|whsec_)[^"]+)"', shown(answer))


def key_id(value: UUID) -> str:
    return ids.encode(ids.API_KEY, value)


def now(tenant: Tenant) -> Tenant:
    with acting_as("operator"):
        return Tenant.objects.get(id=tenant.id)


def actions(tenant: Tenant) -> list[str]:
    """What the audit log has of a tenant, the oldest first."""
    with acting_as("operator"):
        return list(AuditEvent.objects.filter(tenant_id=tenant.id).order_by("id").values_list("action", flat=True))
