"""`/api/v1/wallet/auto-top-up`."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from billing.auto_top_ups import schema
from billing.auto_top_ups.bodies import AutoTopUpChange
from billing.auto_top_ups.representation import auto_top_up_json
from billing.auto_top_ups.selectors import auto_top_up_of
from billing.auto_top_ups.services import auto_top_up_update
from billing.providers.live import require_live
from billing.wallets.selectors import wallet_of
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.schema import problems


class AutoTopUpView(APIView):
    scopes = {"GET": "billing", "PATCH": "billing"}

    @extend_schema(
        operation_id="wallet_auto_top_up_get",
        responses={200: schema.AutoTopUp, **problems(401, 403)},
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """When the live wallet is topped up by itself."""
        Parameters(request).close()
        return _shown(principal(request).tenant_id)

    @extend_schema(
        operation_id="wallet_auto_top_up_update",
        request=AutoTopUpChange,
        responses={200: schema.AutoTopUp, **problems(400, 401, 403, 409, 422)},
        tags=["wallet"],
    )
    def patch(self, request: Request) -> Response:
        """Sets below which balance how much is added, and at most how much in a month. Takes effect within seconds."""
        who = principal(request)
        values = body_of(request, AutoTopUpChange, partial=True)
        require_live(who.livemode)
        auto_top_up_update(tenant_id=who.tenant_id, actor=actor(request), **values)
        return _shown(who.tenant_id)


def _shown(tenant_id: UUID) -> Response:
    with tenant_work(tenant_id):
        wallet = wallet_of(tenant_id=tenant_id, livemode=True)
        currency = wallet.currency if wallet else ""
        return Response(auto_top_up_json(auto_top_up_of(tenant_id), currency=currency))
