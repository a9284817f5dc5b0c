"""Subscriptions as the API shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from billing.models import Plan, Subscription
from billing.money import ZERO, amount_text
from billing.months import month_of
from billing.prices.selectors import plan_terms
from billing.subscriptions.selectors import subscription_next, subscription_now
from cavendish.db import ids
from cavendish.http.problems import not_found


def subscription_json(tenant_id: UUID) -> dict[str, Any]:
    """Returns a tenant's subscription; in its context or as the operator. Raises Problem for one without a plan."""
    now, following = subscription_now(tenant_id=tenant_id), subscription_next(tenant_id=tenant_id)
    if now is None:
        raise not_found()
    terms, month = plan_terms(now.plan), month_of(tenant_id=tenant_id)
    return {
        "object": "subscription",
        "plan": _plan(now.plan),
        "starts_at": now.starts_at,
        "included_images": terms.included_images if terms else 0,
        "included_credit": amount_text(terms.included_credit if terms else ZERO),
        "base_fee": amount_text(terms.base_fee if terms else ZERO),
        "minimum_commitment": amount_text(terms.minimum_commitment if terms else ZERO),
        "volume_discounts": terms.volume_discounts if terms else [],
        "allowed_models": terms.allowed_models if terms else None,
        "period_starts_at": month.starts_at,
        "period_ends_at": month.ends_at,
        "next": _next(following) if following else None,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {"id": ids.encode(ids.PLAN, plan.id), "slug": plan.slug, "name": plan.name, "currency": plan.currency}


def _next(subscription: Subscription) -> dict[str, Any]:
    return {"plan": _plan(subscription.plan), "starts_at": subscription.starts_at}
