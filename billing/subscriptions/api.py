"""`/api/v1/subscription`: the plan that a tenant is on."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from billing.subscriptions import schema
from billing.subscriptions.representation import subscription_json
from cavendish.db.tenancy import tenant_work
from cavendish.http.schema import problems


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
