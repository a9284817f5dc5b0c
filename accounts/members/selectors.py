"""Reads of memberships."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.models import Role, TenantStatus, User


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, slug, name, status, role, since FROM person_tenants(%s)", [user.pk])
        return [TenantOfPerson(*row) for row in cursor.fetchall()]
