"""Plans and their terms as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.fields import decimal_text
from billing.models import Plan, PlanVersion
from billing.money import amount_text
from billing.plans.dunning import Dunning
from billing.prices.selectors import plan_terms
from cavendish.db import ids


def terms_json(version: PlanVersion) -> dict[str, Any]:
    return {
        "effective_from": version.effective_from,
        "markup_percent": decimal_text(version.markup_percent),
        "included_images": version.included_images,
        "included_credit": amount_text(version.included_credit),
        "base_fee": amount_text(version.base_fee),
        "minimum_commitment": amount_text(version.minimum_commitment),
        "volume_discounts": version.volume_discounts,
        "allowed_models": version.allowed_models,
        "default_budgets": version.default_budgets,
        "dunning": Dunning.of(version.dunning).stored(),
        "actor": version.actor,
        "created_at": version.created_at,
    }


def plan_json(plan: Plan) -> dict[str, Any]:
    terms = plan_terms(plan)
    return {
        "id": ids.encode(ids.PLAN, plan.id),
        "object": "plan",
        "slug": plan.slug,
        "name": plan.name,
        "currency": plan.currency,
        "archived": plan.archived_at is not None,
        "created_at": plan.created_at,
        "terms": terms_json(terms) if terms else None,
    }
