"""`/api/v1/subscription`: the plan that a tenant is on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from billing.models import Plan, Subscription, Wallet
from billing.money import amount_text
from billing.months import month_of
from billing.prices.selectors import plan_terms
from billing.subscriptions import schema
from billing.subscriptions.selectors import subscription_next, subscription_now
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.problems import not_found
from cavendish.http.schema import problems


def subscription_json(tenant_id: UUID) -> dict[str, Any]:
    """Inside the tenant's door, or as the operator. Raises Problem for a tenant without a plan."""
    now, following = subscription_now(tenant_id=tenant_id), subscription_next(tenant_id=tenant_id)
    if now is None:
        raise not_found()
    terms, month = plan_terms(now.plan), month_of(tenant_id=tenant_id)
    return {
        "object": "subscription",
        "plan": _plan(now.plan),
        "starts_at": now.starts_at,
        "included_images": terms.included_images if terms else 0,
        "included_credit": amount_text(terms.included_credit if terms else Wallet().balance),
        "allowed_models": terms.allowed_models if terms else None,
        "period_starts_at": month.starts_at,
        "period_ends_at": month.ends_at,
        "next": _next(following) if following else None,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {"id": ids.encode(ids.PLAN, plan.id), "slug": plan.slug, "name": plan.name, "currency": plan.currency}


def _next(subscription: Subscription) -> dict[str, Any]:
    return {"plan": _plan(subscription.plan), "starts_at": subscription.starts_at}


class SubscriptionView(APIView):
    scopes = {"GET": "billing"}

    @extend_schema(
        operation_id="subscription_get",
        responses={200: schema.Subscription, **problems(401, 403, 404)},
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """The plan, what it includes, and the one that begins with the next month."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            return Response(subscription_json(who.tenant_id))
