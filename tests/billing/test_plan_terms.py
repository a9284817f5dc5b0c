"""A form about a plan's terms begins with those in force, and changes what it changes: nothing is lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from billing.errors import ChangeRefused
from billing.models import Plan
from billing.plans.selectors import TermChange, plan_terms_in_force, plans_listed
from billing.plans.services import plan_create, plan_version_add, plan_version_of_form, plan_version_preview
from billing.plans.terms import PlanTerms
from cavendish.db.router import acting_as
from tests.factories import FLASH, PRO, make_tenant

FULL = PlanTerms(
    markup_percent=Decimal("10.0000"),
    included_images=500,
    included_credit=Decimal("20.000000000"),
    base_fee=Decimal("49.000000000"),
    minimum_commitment=Decimal("100.000000000"),
    volume_discounts=[{"above": "1000.000000000", "percent": "10"}],
    allowed_models=[FLASH],
    default_budgets=[{"period": "month", "metric": "money", "limit": "50.000000000"}],
    dunning={"remind_after_days": [3, 7], "suspend_after_days": 14},
)
OTHERS: dict[str, Any] = {
    "markup_percent": Decimal("15.0000"),
    "included_images": 0,
    "included_credit": Decimal("0E-9"),
    "base_fee": Decimal("99.000000000"),
    "minimum_commitment": Decimal("0E-9"),
    "volume_discounts": [],
    "allowed_models": None,
    "default_budgets": [],
    "dunning": {"remind_after_days": [3], "suspend_after_days": None},
}
AT_ONCE: dict[str, Any] = {"effective_from": None, "actor": SYSTEM}


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


@pytest.fixture
def silver() -> Plan:
    slug = f"silver-{secrets.token_hex(4)}"
    return plan_create(slug=slug, name="Silver", currency="USD", terms=FULL, actor=SYSTEM)


def test_every_field_of_the_terms_is_among_those_that_are_tried() -> None:
    assert {part.name for part in fields(PlanTerms)} == OTHERS.keys()


@pytest.mark.parametrize("name", OTHERS)
def test_a_form_that_changes_one_field_keeps_all_others(silver: Plan, name: str) -> None:
    begun = plan_terms_in_force(silver)
    assert begun.terms == FULL
    form = {**asdict(begun.terms), name: OTHERS[name]}

    moment, changes = plan_version_preview(plan=silver, started_from=begun.version_id, form=form, effective_from=None)
    version = plan_version_of_form(plan=silver, started_from=begun.version_id, form=form, **AT_ONCE)

    version.refresh_from_db()
    assert changes == [TermChange(name, getattr(FULL, name), OTHERS[name])]
    assert asdict(PlanTerms.of(version)) == {**asdict(FULL), name: OTHERS[name]}
    in_force = plan_terms_in_force(silver)
    assert (in_force.terms, [row.pk for row in in_force.upcoming]) == (FULL, [version.pk])
    assert moment <= version.effective_from
    assert plan_terms_in_force(silver, at=version.effective_from).version_id == version.pk


def test_what_came_since_the_form_was_opened_is_kept_or_refused(silver: Plan) -> None:
    """The other's terms begin between the form's beginning and its end."""
    began = plan_terms_in_force(silver)
    other = plan_version_add(plan=silver, values={"included_images": 700}, **AT_ONCE)
    silver.versions.filter(pk=other.pk).update(effective_from=timezone.now())
    form = {**asdict(began.terms), "allowed_models": [FLASH, PRO]}

    version = plan_version_of_form(plan=silver, started_from=began.version_id, form=form, **AT_ONCE)

    assert (version.included_images, version.allowed_models) == (700, [FLASH, PRO])
    with pytest.raises(ChangeRefused, match="included_images") as refused:
        plan_version_of_form(
            plan=silver, started_from=began.version_id, form={**form, "included_images": 600}, **AT_ONCE
        )
    assert refused.value.code == "terms_changed"


def test_a_form_that_changes_nothing_adds_nothing(silver: Plan) -> None:
    """Not even where it lists the models in another order."""
    two = plan_version_add(plan=silver, values={"allowed_models": [FLASH, PRO]}, **AT_ONCE)
    form = {"allowed_models": [PRO, FLASH], "markup_percent": Decimal("10")}
    with pytest.raises(ChangeRefused):
        plan_version_of_form(plan=silver, started_from=two.pk, form=form, **AT_ONCE)
    began = plan_terms_in_force(silver)
    later = timezone.now() + timedelta(days=3)
    assert plan_version_preview(
        plan=silver, started_from=began.version_id, form=asdict(FULL), effective_from=later
    ) == (
        later,
        [],
    )
    with pytest.raises(ChangeRefused, match="terms of the plan already"):
        plan_version_of_form(plan=silver, started_from=began.version_id, form=asdict(FULL), **AT_ONCE)


def test_plans_are_listed_with_their_tenants(silver: Plan) -> None:
    make_tenant(plan=silver)
    make_tenant(plan=silver)
    [row] = [row for row in plans_listed() if row.plan == silver]
    assert (row.tenants, row.terms and row.terms.included_images) == (2, 500)
