"""The admin's forms of money: a look at what changes, then the change; refusals stand beside the fields."""

from __future__ import annotations

import secrets
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import AuditEvent, Tenant
from billing.models import Charge, Plan, Price, Wallet
from billing.plans.services import plan_ensure
from cavendish.db.router import acting_as
from tests.billing.operators import books
from tests.billing.test_wallets import charged
from tests.factories import FLASH, make_tenant
from tests.people.visitors import Visitor, person, shown


@pytest.fixture
def admin(django_db_setup: None, settings: Settings) -> Visitor:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ADMIN_REQUIRE_2FA = False
    visitor = person(operator=True)
    visitor.sign_in()
    return visitor


@pytest.fixture
def plan(django_db_setup: None) -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug=f"p-{secrets.token_hex(6)}", name="Plan", markup_percent=Decimal(10))


def page(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return unescape(shown(answer))


def price(plan: Plan) -> dict[str, str]:
    return {
        "plan": str(plan.pk), "model": FLASH, "kind": "image_output", "tier": "standard",
        "unit": "per_1m_tokens", "unit_price": "70",
    }  # fmt: skip


def test_a_price_is_looked_at_and_then_set(admin: Visitor, plan: Plan) -> None:
    assert "Set a price" in page(admin.get("/admin/billing/price/add/"))
    before = books()
    looked = page(admin.post("/admin/billing/price/add/", **price(plan)))
    assert "image_output of gemini-3.1-flash-image (standard): 66.00 per_1m_tokens → 70.00 USD per_1m_tokens" in looked
    assert "From 20" in looked
    assert books() == before
    done = admin.post("/admin/billing/price/add/", confirm="yes", **price(plan))
    assert done.headers["Location"] == "/admin/billing/price/"
    assert "Set: gemini-3.1-flash-image image_output standard: 70" in page(admin.get("/admin/billing/price/"))
    with acting_as("operator"):
        [row] = Price.objects.filter(plan=plan)
        event = AuditEvent.objects.filter(action="price.added").latest("id")
    assert row.actor == f"operator {admin.email}"
    assert (event.actor_kind, event.actor_label) == ("operator", admin.email)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"effective_from": "2026-01-01 00:00:00"}, "starts in the past of accepted generations"),
        ({"unit_price": "-1"}, "must not be negative"),
        ({"unit_price": "1e3"}, "written in plain digits"),
        ({"unit_price": "NaN"}, "written in plain digits"),
        ({"unit_price": "0.0000000001"}, "at most nine decimal places"),
        ({"image_size": "1K"}, "Only a price per picture may differ by size"),
        ({"unit": "per_1k_queries"}, "image_output is priced per_1m_tokens or per_image"),
        ({"plan": "", "unit": "per_image"}, "The upstream sells tokens"),
    ],
)
@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_a_wrong_price_changes_nothing(
    admin: Visitor, plan: Plan, fields: dict[str, str], said: str, confirm: dict[str, str]
) -> None:
    before = books()
    assert said in page(admin.post("/admin/billing/price/add/", **confirm, **{**price(plan), **fields}))
    assert books() == before


def test_a_plan_gets_terms(admin: Visitor) -> None:
    slug = f"p-{secrets.token_hex(6)}"
    terms = {"markup_percent": "10", "included_images": "5", "included_credit": "1.5", "allowed_models": [FLASH]}
    admin.post("/admin/billing/plan/add/", slug=slug, name="Team", currency="USD", **terms)
    with acting_as("operator"):
        plan = Plan.objects.get(slug=slug)
    wanted = {**terms, "plan": str(plan.pk), "included_images": "9"}
    assert "included_images: 5 → 9" in page(admin.post("/admin/billing/planversion/add/", **wanted))
    admin.post("/admin/billing/planversion/add/", confirm="yes", **wanted)
    with acting_as("operator"):
        assert [version.included_images for version in plan.versions.order_by("id")] == [5, 9]
    bad = {**wanted, "default_budgets": '[{"period": "year"}]'}
    assert "These are no budgets" in page(admin.post("/admin/billing/planversion/add/", **bad))
    again = admin.post("/admin/billing/plan/add/", slug=slug, name="Team", currency="XXX", **terms)
    assert "is no currency of ISO 4217" in page(again)


def test_money_is_moved_with_a_reason(admin: Visitor) -> None:
    tenant = make_tenant(balance=1)

    def move(**fields: str) -> Any:
        return admin.post("/admin/billing/ledgertransaction/add/", tenant=tenant.slug, reason="Agreed", **fields)

    assert move(movement="top_up", amount="2").status_code == 302
    assert move(movement="credit", amount="3", expires_at="2030-01-01 00:00").status_code == 302
    assert move(movement="adjustment", amount="-0.5").status_code == 302
    with acting_as("operator"):
        assert Wallet.objects.get(tenant=tenant, livemode=True).balance == Decimal("5.5")
    before = books()
    assert "cannot be taken" in page(move(movement="adjustment", amount="-100"))
    assert "must not be negative" in page(move(movement="top_up", amount="-1"))
    assert "There is no tenant" in page(
        admin.post("/admin/billing/ledgertransaction/add/", tenant="nobody", reason="x", movement="top_up", amount="1")
    )
    assert books() == before


def test_flagged_charges_are_found_decided_about_and_refunded(admin: Visitor, quiet: None) -> None:
    tenant: Tenant = make_tenant(balance=10)
    generation, amount = charged(tenant, flags=["unknown_kind"])
    listed = f"/admin/billing/charge/?q={tenant.slug}&flagged="
    assert f"{generation}/resolve/" in page(admin.get(f"{listed}open"))
    answer = admin.post(f"/admin/billing/charge/{generation}/resolve/", note="Audio", adjustment="-0.001")
    assert answer.status_code == 302
    assert str(generation) not in page(admin.get(f"{listed}open"))
    assert "Audio" in page(admin.get(f"{listed}resolved"))
    assert "has been decided about" in page(admin.post(f"/admin/billing/charge/{generation}/resolve/", note="Again"))
    assert admin.post(f"/admin/billing/charge/{generation}/refund/", amount="", reason="Sorry").status_code == 302
    with acting_as("operator"):
        assert Wallet.objects.get(tenant=tenant, livemode=True).balance == Decimal("9.999")
        assert Charge.objects.get(generation_id=generation).amount == amount


def test_a_tenant_is_moved_to_a_plan(admin: Visitor, plan: Plan) -> None:
    tenant = make_tenant()
    admin.post("/admin/billing/subscription/add/", tenant=tenant.slug, plan=str(plan.pk))
    assert tenant.slug in page(admin.get(f"/admin/billing/subscription/?plan__id__exact={plan.pk}"))


def test_rows_are_never_changed_or_deleted_in_the_admin(admin: Visitor, plan: Plan) -> None:
    with acting_as("operator"):
        row = Price.objects.filter(plan=None).first()
    assert row is not None
    assert admin.post(f"/admin/billing/price/{row.pk}/change/", unit_price="1").status_code == 403
    assert admin.post(f"/admin/billing/price/{row.pk}/delete/", post="yes").status_code == 403
    assert admin.post(f"/admin/billing/plan/{plan.pk}/delete/", post="yes").status_code == 403
