"""Tenants: made, set, suspended, closed; what they say themselves; when a time zone turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.errors import NotAllowed, PolicyOutdated, SignUpClosed, WrongStatus
from accounts.models import Membership, Role, Tenant, TenantStatus
from accounts.policy.selectors import policy_accepted
from accounts.policy.services import policy_accept
from accounts.tenants.services import (
    OF_THE_OPERATOR,
    OF_THE_TENANT,
    month_begun_in_both,
    pending_time_zones_apply,
    tenant_close,
    tenant_create,
    tenant_reactivate,
    tenant_sign_up,
    tenant_suspend,
    tenant_update,
)
from billing.models import Subscription, Wallet
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from tests.accounts.people import OPERATOR, audited, make_member, make_user, person
from tests.factories import make_key, make_tenant


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(balance=0)


def stored(tenant: Tenant) -> Tenant:
    with acting_as("operator"):
        return Tenant.objects.get(id=tenant.id)


def update(tenant: Tenant, by: Actor = OPERATOR, **changed: Any) -> Tenant:
    with acting_as("operator" if by.is_operator else "default"):
        return tenant_update(tenant_id=tenant.id, changed=changed, actor=by)


def refusal(act: Any, **values: Any) -> dict[str, str]:
    with acting_as("operator"), pytest.raises(Problem) as caught:
        act(**values)
    assert caught.value.status == 422
    return {error.pointer: error.code for error in caught.value.errors}


def test_a_slug_is_well_formed_and_taken_once(tenant: Tenant) -> None:
    for slug in ("", "A", "a b", "-a", "a-", "a" * 51, "ä", "a/b", "a\n"):
        assert refusal(tenant_create, slug=slug, name="x") == {"/slug": "unknown_value"}
    assert refusal(tenant_create, slug=tenant.slug, name="x") == {"/slug": "taken"}


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("allowed_models", ["x"], "/allowed_models/0"), ("allowed_models", [], "/allowed_models"),
        ("allowed_sizes", ["1K", "8K"], "/allowed_sizes/1"), ("billing_timezone", "Europe/Now", "/billing_timezone"),
        ("billing_timezone", "", "/billing_timezone"), ("billing_timezone", "../etc/passwd", "/billing_timezone"),
        ("billing_timezone", "localtime", "/billing_timezone"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(tenant: Tenant, field: str, value: object, pointer: str) -> None:
    assert list(refusal(tenant_update, tenant_id=tenant.id, changed={field: value}, actor=OPERATOR)) == [pointer]
    assert list(refusal(tenant_create, slug=f"x-{uuid4().hex}", name="x", **{field: value})) == [pointer]


def test_the_operator_changes_everything_and_a_tenant_its_own(tenant: Tenant) -> None:
    owner = make_member(tenant, Role.OWNER)
    row, _ = make_key(tenant, scopes=["settings"])
    for by in (owner, Actor("key", row.id, row.prefix)):
        update(tenant, by, output_retention_days=30)
        update(tenant, by, output_retention_days=None)
        for field in OF_THE_OPERATOR:
            values: dict[str, Any] = {
                "billing_timezone": "Europe/Berlin",
                "allowed_models": None,
                "allowed_sizes": None,
            }
            with pytest.raises(NotAllowed, match=field):
                update(tenant, by, **{field: values.get(field, 1)})
    for role in (Role.DEVELOPER, Role.BILLING, Role.VIEWER):
        with pytest.raises(NotAllowed, match='"settings"'):
            update(tenant, make_member(tenant, role), name="x")
    update(tenant, allowed_sizes=["1K"], concurrency_limit=3, test_daily_requests=None)
    kept = stored(tenant)
    assert (kept.allowed_sizes, kept.concurrency_limit, kept.test_daily_requests) == (["1K"], 3, None)
    event = audited(tenant.id)[-1]
    assert (event.action, event.actor_kind) == ("tenant.changed", "operator_key")
    assert event.before == {"allowed_sizes": None, "concurrency_limit": 64, "test_daily_requests": 10_000}


def test_the_database_lets_a_tenant_write_nothing_else(tenant: Tenant) -> None:
    every = {str(field.column) for field in Tenant._meta.concrete_fields}
    for column in every - {*OF_THE_TENANT, "policy_version", "policy_accepted_at"}:
        with pytest.raises(ProgrammingError) as refused, tenant_context(tenant.id), transaction.atomic():
            Tenant.objects.filter(id=tenant.id).update(**{column: getattr(tenant, column)})
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege), column


def test_from_suspension_to_the_end(tenant: Tenant) -> None:
    def status() -> tuple[str, str]:
        kept = stored(tenant)
        return kept.status, kept.status_reason

    with acting_as("operator"):
        with pytest.raises(WrongStatus):
            tenant_reactivate(tenant_id=tenant.id, actor=OPERATOR)
        with pytest.raises(Problem):
            tenant_suspend(tenant_id=tenant.id, reason=" ", actor=OPERATOR)
        tenant_suspend(tenant_id=tenant.id, reason="unpaid invoice 7", actor=OPERATOR)
        assert status() == (TenantStatus.SUSPENDED, "unpaid invoice 7")
        with pytest.raises(WrongStatus):
            tenant_suspend(tenant_id=tenant.id, reason="again", actor=OPERATOR)
        tenant_reactivate(tenant_id=tenant.id, actor=OPERATOR)
        assert status() == (TenantStatus.ACTIVE, "")
        tenant_close(tenant_id=tenant.id, actor=OPERATOR, reason="left")
        with pytest.raises(WrongStatus):
            tenant_suspend(tenant_id=tenant.id, reason="x", actor=OPERATOR)
        tenant_reactivate(tenant_id=tenant.id, actor=OPERATOR)
        with pytest.raises(Problem):
            tenant_suspend(tenant_id=uuid4(), reason="x", actor=OPERATOR)
    done = [event.action for event in audited(tenant.id)][1:]
    assert done == ["tenant.suspended", "tenant.reactivated", "tenant.closed", "tenant.reactivated"]


def test_an_owner_closes_and_nobody_else(tenant: Tenant) -> None:
    row, _ = make_key(tenant)
    for by in (make_member(tenant, Role.ADMIN), Actor("key", row.id, row.prefix)):
        with pytest.raises(NotAllowed):
            tenant_close(tenant_id=tenant.id, actor=by)
    tenant_close(tenant_id=tenant.id, actor=make_member(tenant, Role.OWNER))
    assert stored(tenant).status == TenantStatus.CLOSING


def test_an_owner_accepts_the_policy_in_force() -> None:
    tenant = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    owner = make_member(tenant, Role.OWNER)
    with pytest.raises(PolicyOutdated, match="2026-11"):
        policy_accept(tenant_id=tenant.id, version="2025-01", actor=owner)
    row, _ = make_key(tenant)
    for by in (make_member(tenant, Role.ADMIN), Actor("key", row.id, row.prefix)):
        with pytest.raises(NotAllowed):
            policy_accept(tenant_id=tenant.id, version="2026-11", actor=by)
    accepted = policy_accept(tenant_id=tenant.id, version="2026-11", actor=owner)
    assert policy_accept(tenant_id=tenant.id, version="2026-11", actor=owner) is not None
    assert (accepted.policy_version, stored(tenant).policy_accepted_at) == ("2026-11", accepted.policy_accepted_at)
    [event] = [event for event in audited(tenant.id) if event.action == "tenant.policy_accepted"]
    assert (event.actor_label, event.after) == (owner.label, {"version": "2026-11"})


def test_an_older_acceptance_counts_while_there_is_grace(settings: Any) -> None:
    settings.POLICY_VERSION = "2027-01"
    now = datetime(2027, 1, 10, 12, tzinfo=UTC)
    assert policy_accepted("2027-01")
    assert not policy_accepted("2026-11", now=now)
    settings.POLICY_GRACE_UNTIL = now.date()
    assert policy_accepted("2026-11", now=now)
    assert not policy_accepted("", now=now)
    assert not policy_accepted("2026-11", now=now + timedelta(days=1))


def test_a_person_opens_a_tenant_where_the_operator_allows_it(settings: Any) -> None:
    user = make_user()
    settings.SIGNUP = "closed"
    with pytest.raises(SignUpClosed):
        tenant_sign_up(user=user, name="Studio", actor=person(user))
    settings.SIGNUP = "open"
    name = f"Café {user.id.hex}"
    tenant = tenant_sign_up(user=user, name=name, actor=person(user))
    assert (tenant.name, tenant.slug) == (name, f"cafe-{user.id.hex}")
    again = tenant_sign_up(user=user, name=name, actor=person(user))
    assert again.slug.startswith(tenant.slug + "-")
    with acting_as("operator"):
        assert Membership.objects.get(tenant=tenant).role == Role.OWNER
        assert Wallet.objects.filter(tenant=tenant).count() == 2
        assert Subscription.objects.get(tenant=tenant).plan.slug == "standard"
    assert tenant_sign_up(user=user, name="***", actor=person(user)).slug.startswith("tenant")
    for _ in range(2):
        tenant_sign_up(user=user, name=name, actor=person(user))
    with pytest.raises(SignUpClosed, match="5 tenants"):
        tenant_sign_up(user=user, name=name, actor=person(user))
    assert (audited(tenant.id)[0].action, audited(tenant.id)[0].actor_label) == ("tenant.created", user.email)


@pytest.mark.parametrize(
    ("now", "old", "new", "expected"),
    [
        ("2026-11-25T12:00", "UTC", "Europe/Berlin", "2026-12-01T00:00"),  # Berlin's December has begun an hour before
        ("2026-11-25T12:00", "Europe/Berlin", "America/New_York", "2026-12-01T05:00"),
        ("2026-12-31T23:30", "UTC", "Asia/Tokyo", "2027-01-01T00:00"),  # in Tokyo it is January already
        ("2026-12-31T23:30", "Asia/Tokyo", "UTC", "2027-02-01T00:00"),
    ],
)
def test_when_a_month_has_begun_in_both_zones(now: str, old: str, new: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert month_begun_in_both(moment, old, new) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_time_zone_turns_when_its_day_has_come(tenant: Tenant) -> None:
    changed = update(tenant, billing_timezone="Asia/Tokyo")
    assert (changed.billing_timezone, changed.billing_timezone_next) == ("UTC", "Asia/Tokyo")
    assert changed.billing_timezone_from is not None
    assert changed.billing_timezone_from > timezone.now()
    pending_time_zones_apply()
    assert stored(tenant).billing_timezone == "UTC"
    with acting_as("operator"):
        Tenant.objects.filter(id=tenant.id).update(billing_timezone_from=timezone.now() - timedelta(seconds=1))
    assert pending_time_zones_apply() >= 1
    kept = stored(tenant)
    assert (kept.billing_timezone, kept.billing_timezone_next, kept.billing_timezone_from) == ("Asia/Tokyo", "", None)
    assert audited(tenant.id)[-1].after == {"billing_timezone": "Asia/Tokyo"}
    update(tenant, billing_timezone="UTC")
    update(tenant, billing_timezone="Asia/Tokyo")  # taken back
    assert stored(tenant).billing_timezone_next == ""
    with acting_as("operator"):
        at_once = {"billing_timezone": "Europe/Berlin"}
        tenant_update(tenant_id=tenant.id, changed=at_once, actor=SYSTEM, timezone_at_once=True)
    assert stored(tenant).billing_timezone == "Europe/Berlin"
