"""Reads of memberships."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import Membership, Role, TenantStatus, User
from cavendish.db.call import call_rows

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


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


def people_with_two_factors(user_ids: Collection[UUID]) -> set[UUID]:
    """Returns who of these people has an authenticator app or a passkey; recovery codes alone are none."""
    rows = Authenticator.objects.filter(user_id__in=user_ids, type__in=SECOND_FACTORS)
    return set(rows.values_list("user_id", flat=True).distinct())


def members_listed(tenant_id: UUID) -> QuerySet[Any]:
    """Returns the members with their people, in the tenant's context. Each has `has_two_factors`, and `last_seen_at`:
    when one of their sessions that have not ended was used last, to a minute or so.
    """
    factors = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=SECOND_FACTORS)
    sessions = UserSession.objects.filter(user_id=OuterRef("user_id")).order_by("-last_seen_at")
    rows: QuerySet[Any] = Membership.objects.filter(tenant_id=tenant_id).select_related("user")
    seen = Subquery(sessions.values("last_seen_at")[:1])
    listed: QuerySet[Any] = rows.annotate(has_two_factors=Exists(factors), last_seen_at=seen)
    return listed
