"""`/api/v1/payment-methods`: a tenant's saved cards and bank accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import Parameters
from accounts.idempotency import IdempotentView, Replay
from billing.models import PaymentMethod
from billing.payment_methods import schema
from billing.payment_methods.bodies import PaymentMethodChange, PaymentMethodNew
from billing.payment_methods.representation import payment_method_json
from billing.payment_methods.selectors import payment_methods_of
from billing.payment_methods.services import (
    payment_method_default,
    payment_method_remove,
    payment_method_save,
    payment_methods_page,
)
from billing.providers.live import require_live
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import invalid_value, not_found
from cavendish.http.schema import PAGING, problems

PATH = "/api/v1/payment-methods"


class PaymentMethodList(IdempotentView):
    scopes = {"GET": "billing", "POST": "billing"}

    @extend_schema(
        operation_id="payment_methods_list",
        parameters=PAGING,
        responses={200: schema.PaymentMethodPage, **problems(401, 403, 422)},
        tags=["payments"],
    )
    def get(self, request: Request) -> Response:
        """Saved payment methods, newest first; none for a test key."""
        Parameters(request).close()
        who = principal(request)
        with tenant_work(who.tenant_id):
            rows = payment_methods_of(who.tenant_id) if who.livemode else PaymentMethod.objects.none()
            page, cursor = page_read(request, rows, ids.PAYMENT_METHOD)
        return Response(page_json([payment_method_json(row) for row in page], cursor))

    @extend_schema(
        operation_id="payment_methods_create",
        request=PaymentMethodNew,
        responses={201: schema.PaymentMethod, **problems(400, 401, 402, 403, 409, 422, 503)},
        tags=["payments"],
    )
    def post(self, request: Request) -> Response:
        """Saves what a token of the provider's stands for. The first one becomes the default."""
        who = principal(request)
        values = body_of(request, PaymentMethodNew)
        require_live(who.livemode)
        return _created(payment_method_save(tenant_id=who.tenant_id, actor=actor(request), **values))

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _created(_method(request, f"{ids.PAYMENT_METHOD}_{created_ids[0]}"))


class PaymentMethodPages(IdempotentView):
    scopes = {"POST": "billing"}
    replays = Replay.KEPT

    @extend_schema(
        operation_id="payment_methods_page",
        request=None,
        responses={201: schema.HostedPage, **problems(401, 403, 409, 503)},
        tags=["payments"],
    )
    def post(self, request: Request) -> Response:
        """Returns a page of the provider's on which a person saves a card or a bank account."""
        who = principal(request)
        require_live(who.livemode)
        page = payment_methods_page(tenant_id=who.tenant_id, actor=actor(request))
        return Response({"object": "hosted_page", "url": page.url}, 201)


class PaymentMethodDetail(APIView):
    scopes = {"GET": "billing", "PATCH": "billing", "DELETE": "billing"}

    @extend_schema(
        operation_id="payment_methods_get",
        responses={200: schema.PaymentMethod, **problems(401, 403, 404)},
        tags=["payments"],
    )
    def get(self, request: Request, payment_method_id: str) -> Response:
        """Returns a saved payment method."""
        return Response(payment_method_json(_method(request, payment_method_id)))

    @extend_schema(
        operation_id="payment_methods_update",
        request=PaymentMethodChange,
        responses={200: schema.PaymentMethod, **problems(400, 401, 403, 404, 422)},
        tags=["payments"],
    )
    def patch(self, request: Request, payment_method_id: str) -> Response:
        """Makes a method the default."""
        row = _method(request, payment_method_id)
        values = body_of(request, PaymentMethodChange, partial=True)
        if values.get("default") is False:
            raise invalid_value("/default", "unknown_value", "Make another method the default instead: true there.")
        if values.get("default"):
            row = payment_method_default(tenant_id=row.tenant_id, method_id=row.id, actor=actor(request))
        return Response(payment_method_json(row))

    @extend_schema(
        operation_id="payment_methods_delete",
        responses={204: None, **problems(401, 403, 404, 409, 503)},
        tags=["payments"],
    )
    def delete(self, request: Request, payment_method_id: str) -> Response:
        """Forgets a method, here and at the provider. The newest that is left becomes the default."""
        row = _method(request, payment_method_id)
        payment_method_remove(tenant_id=row.tenant_id, method_id=row.id, actor=actor(request))
        return Response(status=204)


def _method(request: Request, public_id: str) -> PaymentMethod:
    """Returns the tenant's method. Raises Problem 404, also for a test key: money is live."""
    who = principal(request)
    row_id: UUID | None = ids.decode(ids.PAYMENT_METHOD, public_id)
    with tenant_work(who.tenant_id):
        rows = payment_methods_of(who.tenant_id).filter(id=row_id) if row_id and who.livemode else None
        row = rows.first() if rows is not None else None
    if row is None:
        raise not_found()
    return row


def _created(row: PaymentMethod) -> Response:
    body = payment_method_json(row)
    return Response(body, 201, headers={"Location": f"{PATH}/{body['id']}"})
