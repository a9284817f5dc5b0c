"""`/api/v1/tenants/{tenant_id}/subscription`: operators move a tenant to another plan."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_named
from accounts.roles.operators import OperatorPermission
from billing.prices.api import plan_of
from billing.subscriptions import schema
from billing.subscriptions.bodies import SubscriptionChange
from billing.subscriptions.representation import subscription_json
from billing.subscriptions.services import subscription_change
from cavendish.http.json_body import body_of
from cavendish.http.problems import not_found
from cavendish.http.schema import problems


class TenantSubscription(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="tenants_subscription_get",
        responses={200: schema.Subscription, **problems(401, 404)},
        tags=["tenants"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Returns a tenant's plan, and the one that follows with the next month."""
        return Response(subscription_json(tenant_named(tenant_id).id))

    @extend_schema(
        operation_id="tenants_subscription_update",
        request=SubscriptionChange,
        responses={200: schema.Subscription, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        """Moves a tenant to another plan from its next month on; its own plan undoes a move that waits."""
        tenant, values = tenant_named(tenant_id), body_of(request, SubscriptionChange)
        plan = plan_of(values["plan_id"])
        if plan is None:
            raise not_found()
        subscription_change(tenant=tenant, plan=plan, actor=actor(request))
        return Response(subscription_json(tenant.id))
