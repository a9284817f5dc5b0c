"""People and who they are in a tenant, for tests of services."""

from __future__ import annotations

import secrets
from uuid import UUID

from accounts.actor import Actor
from accounts.members.services import membership_create
from accounts.models import AuditEvent, Role, Tenant, User
from cavendish.db.router import acting_as

OPERATOR = Actor("operator_key", None, "cvd_operator_test", "198.51.100.7")


def make_user(email: str = "") -> User:
    """Without a usable password: hashing one costs a tenth of a second."""
    with acting_as("operator"):
        return User.objects.db_manager("operator").create_user(email or f"p-{secrets.token_hex(6)}@example.com")


def person(user: User) -> Actor:
    return Actor("person", user.id, user.email, "203.0.113.9")


def make_member(tenant: Tenant, role: Role) -> Actor:
    user = make_user()
    with acting_as("operator"):
        membership_create(tenant=tenant, user=user, role=role)
    return person(user)


def audited(tenant_id: UUID) -> list[AuditEvent]:
    """Oldest first."""
    with acting_as("operator"):
        return list(AuditEvent.objects.filter(tenant_id=tenant_id).order_by("id"))
