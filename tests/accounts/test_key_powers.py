"""Who may widen, make and use a key: the whole table of the maker's powers × the change (docs/roles.md)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication.principal import principal_of, principal_of_prefix
from accounts.errors import NotAllowed, PowersExceeded
from accounts.keys.services import api_key_create, api_key_revoke, api_key_rotate, api_key_update
from accounts.members.services import membership_create, membership_role_change
from accounts.models import ApiKey, Role, Tenant
from accounts.people.services import user_create
from billing.budgets.services import budget_create, budget_delete
from cavendish.db.router import acting_as
from tests.factories import make_tenant

HOUR = timedelta(hours=1)
OPERATOR = Actor("operator", None, "test")
BOUNDS: dict[str, Any] = {
    "scopes": ["read", "keys"],
    "ip_ranges": ["10.0.0.0/8"],
    "allowed_models": ["gemini-3.1-flash-image", "gemini-2.5-flash-image"],
    "requests_per_minute": 5,
    "images_per_minute": 5,
    "jobs_in_flight": 5,
}
WIDER: dict[str, list[Any]] = {
    "scopes": [["read", "keys", "billing"]],
    "ip_ranges": [[], ["10.0.0.0/7"], ["10.0.0.0/8", "192.0.2.1/32"]],
    "allowed_models": [None, ["gemini-3.1-flash-image", "gemini-3-pro-image"]],
    "requests_per_minute": [0, 6],
    "images_per_minute": [0, 6],
    "jobs_in_flight": [None, 6],
}
NARROWER: dict[str, list[Any]] = {
    "scopes": [["read"]],
    "ip_ranges": [["10.1.0.0/16"]],
    "allowed_models": [["gemini-3.1-flash-image"]],
    "requests_per_minute": [4],
    "images_per_minute": [4],
    "jobs_in_flight": [0],
}


def key_of(tenant: Tenant, **settings: Any) -> ApiKey:
    with acting_as("operator"):
        return api_key_create(tenant_id=tenant.id, name="key", livemode=True, **settings)[0]


def actor_of(row: ApiKey) -> Actor:
    return Actor("key", row.id, row.prefix)


def change(row: ApiKey, by: ApiKey, **changed: Any) -> ApiKey:
    return api_key_update(tenant_id=row.tenant_id, key_id=row.id, changed=changed, actor=actor_of(by))


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in WIDER.items() for value in values])
def test_a_weaker_key_widens_nothing_of_a_stronger_one(field: str, value: Any) -> None:
    tenant = make_tenant(balance=0)
    strong = key_of(tenant, **{**BOUNDS, "scopes": ["read", "keys", "members"]})
    weak = key_of(tenant, scopes=["read", "keys"])
    if field == "scopes":
        value = [*value, "members"]
    with pytest.raises(PowersExceeded):
        change(strong, weak, **{field: value})
    with acting_as("operator"):
        strong.refresh_from_db()
    assert getattr(strong, field) == {**BOUNDS, "scopes": ["read", "keys", "members"]}[field]


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in NARROWER.items() for value in values])
def test_a_weaker_key_may_narrow_and_revoke(field: str, value: Any) -> None:
    tenant = make_tenant(balance=0)
    strong = key_of(tenant, **{**BOUNDS, "scopes": ["read", "keys", "members"]})
    weak = key_of(tenant, scopes=["read", "keys"])
    assert getattr(change(strong, weak, **{field: value}), field) == value
    assert api_key_revoke(tenant_id=tenant.id, key_id=strong.id, actor=actor_of(weak)).revoked_at is not None


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in WIDER.items() for value in values])
def test_no_key_widens_itself(field: str, value: Any) -> None:
    row = key_of(make_tenant(balance=0), **BOUNDS)
    with pytest.raises(PowersExceeded):
        change(row, row, **{field: value})


def test_an_expiry_is_a_bound_too() -> None:
    tenant, soon = make_tenant(balance=0), timezone.now() + HOUR
    strong = key_of(tenant, scopes=["read", "keys", "members"], expires_at=soon)
    weak = key_of(tenant, scopes=["read", "keys"])
    for later in (None, soon + HOUR):
        with pytest.raises(PowersExceeded):
            change(strong, weak, expires_at=later)
    assert change(strong, weak, expires_at=soon - HOUR / 2).expires_at == soon - HOUR / 2


@pytest.mark.parametrize("field", ["requests_per_minute", "images_per_minute", "jobs_in_flight"])
def test_a_limited_key_creates_no_key(field: str) -> None:
    tenant = make_tenant(balance=0)
    limited = key_of(tenant, scopes=["read", "keys"], **{field: 1})
    with pytest.raises(PowersExceeded, match="limits or a budget"):
        api_key_create(
            tenant_id=tenant.id, name="child", livemode=True, scopes=["read"], actor=actor_of(limited), **{field: 1}
        )


def test_a_key_with_a_budget_creates_no_key() -> None:
    tenant = make_tenant(balance=10)
    bound = key_of(tenant, scopes=["read", "keys", "generate"])
    with acting_as("operator"):
        budget = budget_create(
            tenant_id=tenant.id, livemode=True, scope="key", scope_id=bound.id, period="total", metric="requests",
            limit=Decimal(1), hard=True, actor=OPERATOR,
        )  # fmt: skip
    with pytest.raises(PowersExceeded, match="limits or a budget"):
        api_key_create(tenant_id=tenant.id, name="child", livemode=True, scopes=["generate"], actor=actor_of(bound))
    with acting_as("operator"):
        budget_delete(tenant_id=tenant.id, budget_id=budget.id, actor=OPERATOR)
    api_key_create(tenant_id=tenant.id, name="child", livemode=True, scopes=["generate"], actor=actor_of(bound))


@pytest.mark.parametrize("bound_by", ["a limit", "a budget"])
def test_a_bound_key_takes_no_secret_of_another(bound_by: str) -> None:
    tenant = make_tenant(balance=10)
    scopes = ["read", "keys", "generate"]
    bound = key_of(tenant, scopes=scopes, **({"images_per_minute": 5} if bound_by == "a limit" else {}))
    if bound_by == "a budget":
        with acting_as("operator"):
            budget_create(
                tenant_id=tenant.id, livemode=True, scope="key", scope_id=bound.id, period="total", metric="requests",
                limit=Decimal(1), hard=True, actor=OPERATOR,
            )  # fmt: skip
    # as narrow as the maker's: it would still have a rate and a budget of its own
    other = key_of(tenant, scopes=scopes, images_per_minute=5)
    with pytest.raises(PowersExceeded, match="limits or a budget"):
        api_key_rotate(tenant_id=tenant.id, key_id=other.id, actor=actor_of(bound))
    assert api_key_rotate(tenant_id=tenant.id, key_id=bound.id, actor=actor_of(bound))[0].id == bound.id


def member_of(tenant: Tenant, role: Role) -> UUID:
    with acting_as("operator"):
        user = user_create(email=f"{role}-{tenant.slug}@example.com", password="a long pass phrase")
        membership_create(tenant=tenant, user=user, role=role)
    return user.id


def test_a_key_does_no_more_than_its_member_may_now() -> None:
    tenant = make_tenant(balance=0)
    member = member_of(tenant, Role.ADMIN)
    with acting_as("operator"):
        row, secret = api_key_create(tenant_id=tenant.id, name="mine", livemode=True, member_id=member)
        before = principal_of(secret)
        membership_role_change(tenant_id=tenant.id, user_id=member, role=Role.VIEWER, actor=OPERATOR)
    assert before is not None
    assert {"members", "generate"} <= before.scopes
    after = principal_of_prefix(row.prefix)
    assert after is not None
    assert after.scopes == {"read"}
    # and by the second check, which services make
    with pytest.raises(NotAllowed):
        membership_role_change(tenant_id=tenant.id, user_id=member, role=Role.ADMIN, actor=actor_of(row))


def test_no_key_changes_the_role_of_its_own_member() -> None:
    tenant = make_tenant(balance=0)
    member = member_of(tenant, Role.ADMIN)
    row = key_of(tenant, member_id=member)
    with pytest.raises(NotAllowed, match="belongs to"):
        membership_role_change(tenant_id=tenant.id, user_id=member, role=Role.VIEWER, actor=actor_of(row))
