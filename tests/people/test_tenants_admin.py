"""Tenants in the admin: the same services, the operator in the audit, nothing saved around them."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import Any

import pytest

from accounts.models import ApiKey, Invitation, Tenant
from billing.models import Wallet
from cavendish.db.router import acting_as
from tests.accounts.people import audited
from tests.factories import FLASH, make_key, make_tenant
from tests.people.visitors import Visitor, person, shown

ADD = "/admin/accounts/tenant/add/"
EMPTY = {
    "name": "Studio", "weight": "1", "concurrency_limit": "64", "queue_limit": "1000", "billing_timezone": "UTC",
    "test_keys_enabled": "on", "test_daily_requests": "10000", "test_daily_bytes": "10737418240",
}  # fmt: skip


@pytest.fixture(scope="module")
def operator() -> Visitor:
    grace = person(operator=True)
    grace.sign_in()
    return grace


def stored(tenant: Tenant) -> Tenant:
    with acting_as("operator"):
        return Tenant.objects.get(id=tenant.id)


def test_an_operator_makes_a_tenant(operator: Visitor) -> None:
    assert operator.get(ADD).status_code == 200
    slug = f"t-{token_hex(6)}"
    extra = {"slug": slug, "opening_balance": "12.5", "owner_email": "a@b.example", "allowed_models": [FLASH]}
    answer = operator.post(ADD, **EMPTY, **extra)
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", shown(answer))
    with acting_as("operator"):
        tenant = Tenant.objects.get(slug=slug)
        assert (tenant.allowed_models, tenant.allowed_sizes, tenant.output_retention_days) == ([FLASH], None, None)
        assert str(Wallet.objects.get(tenant=tenant, livemode=True).balance) == "12.500000000"
        assert Invitation.objects.get(tenant=tenant).role == "owner"
    created = next(event for event in audited(tenant.id) if event.action == "tenant.created")
    assert (created.actor_kind, created.actor_label, created.address) == ("operator", operator.email, operator.address)
    again = shown(operator.post(ADD, **EMPTY, slug=slug))
    assert "A tenant with this slug already exists." in again
    assert "cannot begin or end with a hyphen" in shown(operator.post(ADD, **EMPTY, slug="Not a slug"))
    assert "is not a time zone" in shown(operator.post(ADD, **{**EMPTY, "billing_timezone": "Mars"}, slug=f"{slug}-2"))


def test_an_operator_changes_suspends_and_notes_the_policy(operator: Visitor) -> None:
    tenant = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    path = f"/admin/accounts/tenant/{tenant.id}/change/"
    body: dict[str, Any] = {**EMPTY, "name": tenant.name, "status": "active", "status_reason": ""}
    assert tenant.slug in shown(operator.get(path))
    before = len(audited(tenant.id))
    assert operator.post(path, **body).status_code == 302
    assert len(audited(tenant.id)) == before  # nothing was changed
    operator.post(path, **{**body, "concurrency_limit": "3", "allowed_sizes": ["1K"], "policy_accepted_by": "Ada"})
    kept = stored(tenant)
    assert (kept.concurrency_limit, kept.allowed_sizes, kept.policy_version) == (3, ["1K"], "2026-11")
    body |= {"concurrency_limit": "3", "allowed_sizes": ["1K"]}
    assert "Enter a reason" in shown(operator.post(path, **{**body, "status": "suspended"}))
    operator.post(path, **{**body, "status": "suspended", "status_reason": "unpaid"})
    assert (stored(tenant).status, stored(tenant).status_reason) == ("suspended", "unpaid")
    operator.post(path, **{**body, "status": "active"})
    assert stored(tenant).status == "active"
    done = [(event.action, event.actor_label) for event in audited(tenant.id)[before:]]
    assert done == [
        (f"tenant.{name}", operator.email) for name in ("changed", "policy_accepted", "suspended", "reactivated")
    ]
    assert operator.get(f"/admin/accounts/tenant/{tenant.id}/delete/").status_code == 403


def test_an_operator_revokes_keys_and_sees_no_digest(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    row, _ = make_key(tenant)
    chosen = {"action": "revoke", "_selected_action": [str(row.id)]}
    assert "permanently" in shown(operator.post("/admin/accounts/apikey/", **chosen))
    with acting_as("operator"):
        assert ApiKey.objects.get(id=row.id).revoked_at is None
    operator.post("/admin/accounts/apikey/", **chosen, confirm="1", reason="leaked")
    with acting_as("operator"):
        assert ApiKey.objects.get(id=row.id).revoked_at is not None
    event = audited(tenant.id)[-1]
    assert (event.actor_label, event.after["reason"]) == (operator.email, "leaked")
    assert "digest" not in shown(operator.get(f"/admin/accounts/apikey/{row.id}/change/")).lower()
