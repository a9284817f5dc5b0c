"""`/api/v1/wallet/top-ups`: a tenant tops up its own wallet through the payment provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_named
from accounts.idempotency import IdempotentView
from accounts.roles.operators import OperatorPermission
from billing.models import ProviderPayment
from billing.provider_payments import schema
from billing.provider_payments.bodies import TopUpNew
from billing.provider_payments.representation import provider_payment_json, top_up_json
from billing.provider_payments.selectors import payments_of, top_ups_of
from billing.provider_payments.services import top_up_begin
from billing.providers.live import require_live
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

PATH = "/api/v1/wallet/top-ups"
OPEN = {"pending": ("created", "pending")}


class TopUpList(IdempotentView):
    scopes = {"GET": "billing", "POST": "billing"}

    @extend_schema(
        operation_id="wallet_top_ups_list",
        parameters=[schema.STATUS, *PAGING],
        responses={200: schema.TopUpPage, **problems(401, 403, 422)},
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """Top-ups through the payment provider, by hand and automatic, newest first; none for a test key."""
        who = principal(request)
        parameters = Parameters(request, takes=("status",))
        status = parameters.choice("status", tuple(schema.STATUSES))
        parameters.close()
        with tenant_work(who.tenant_id):
            rows = top_ups_of(who.tenant_id) if who.livemode else ProviderPayment.objects.none()
            page, cursor = page_read(request, _of_status(rows, status), ids.PROVIDER_PAYMENT)
        return Response(page_json([top_up_json(row) for row in page], cursor))

    @extend_schema(
        operation_id="wallet_top_ups_create",
        request=TopUpNew,
        responses={201: schema.TopUp, **problems(400, 401, 403, 404, 409, 422, 503)},
        tags=["wallet"],
    )
    def post(self, request: Request) -> Response:
        """Tops up the live wallet by a saved payment method, or on the provider's page. Nothing is booked before the
        provider says that the money came: look at `status`, or wait for the event `wallet.topped_up`.
        """
        who = principal(request)
        values = body_of(request, TopUpNew)
        require_live(who.livemode)
        named = values.get("payment_method_id")
        method_id = ids.decode(ids.PAYMENT_METHOD, named) if named is not None else None
        if named is not None and method_id is None:
            raise not_found()
        row = top_up_begin(
            tenant_id=who.tenant_id,
            amount=values["amount"],
            method_id=method_id,
            hosted=values.get("hosted", False),
            actor=actor(request),
        )
        return _created(row)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _created(_top_up(request, f"{ids.PROVIDER_PAYMENT}_{created_ids[0]}"))


class TopUpDetail(APIView):
    scopes = {"GET": "billing"}

    @extend_schema(
        operation_id="wallet_top_ups_get",
        responses={200: schema.TopUp, **problems(401, 403, 404)},
        tags=["wallet"],
    )
    def get(self, request: Request, top_up_id: str) -> Response:
        """Returns a top-up as far as it is."""
        return Response(top_up_json(_top_up(request, top_up_id)))


class TenantProviderPayments(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="tenants_provider_payments_list",
        parameters=[schema.STATUS, *PAGING],
        responses={200: schema.ProviderPaymentPage, **problems(401, 404, 422)},
        tags=["tenants"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """A tenant's payments through the provider: top-ups and invoices, newest first."""
        tenant = tenant_named(tenant_id)
        parameters = Parameters(request, takes=("status",))
        status = parameters.choice("status", tuple(schema.STATUSES))
        parameters.close()
        page, cursor = page_read(request, _of_status(payments_of(tenant.id), status), ids.PROVIDER_PAYMENT)
        return Response(page_json([provider_payment_json(row) for row in page], cursor))


def _of_status(rows: QuerySet[ProviderPayment], status: str | None) -> QuerySet[Any]:
    return rows if status is None else rows.filter(status__in=OPEN.get(status, (status,)))


def _top_up(request: Request, public_id: str) -> ProviderPayment:
    """Returns the tenant's top-up. Raises Problem 404, also for a test key: money is live."""
    who = principal(request)
    row_id = ids.decode(ids.PROVIDER_PAYMENT, public_id)
    with tenant_work(who.tenant_id):
        row = top_ups_of(who.tenant_id).filter(id=row_id).first() if row_id and who.livemode else None
    if row is None:
        raise not_found()
    return row


def _created(row: ProviderPayment) -> Response:
    body = top_up_json(row)
    return Response(body, 201, headers={"Location": f"{PATH}/{body['id']}"})
