"""Reads of memberships."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Role, TenantStatus, User
from cavendish.db.call import call_rows


@dataclass(frozen=True)
class TenantOfPerson:
    """A tenant and a person's role in it."""

    tenant_id: UUID
    slug: str
    name: str
    status: str
    role: str
    since: datetime

    @property
    def role_label(self) -> str:
        return Role(self.role).label

    @property
    def status_label(self) -> str:
        return TenantStatus(self.status).label


def tenants_of(user: User) -> list[TenantOfPerson]:
    """Returns the person's tenants by name, with one query that needs no tenant context."""
    return [TenantOfPerson(**row) for row in call_rows("person_tenants", user.pk, using="default")]
