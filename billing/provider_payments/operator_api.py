"""`/api/v1/provider-events` and what operators decide of a payment: try it again, or set it aside."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters, tenant_named
from accounts.roles.operators import OperatorPermission
from billing.models import ProviderEvent
from billing.provider_payments import decisions, schema
from billing.provider_payments.bodies import SetAsideBody
from billing.provider_payments.representation import provider_event_json, provider_payment_json
from billing.provider_payments.selectors import event_by_reference, events_waiting, payments_of
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read_numbered
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

CURSOR = "evt"


class ProviderEventsWaiting(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="provider_events_waiting",
        parameters=PAGING,
        responses={200: schema.ProviderEventPage, **problems(401, 422)},
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Events of the payment provider that are not acted on yet, newest first: normally none, or for a second."""
        Parameters(request, takes=()).close()
        page, cursor = page_read_numbered(request, events_waiting(), CURSOR)
        return Response(page_json([provider_event_json(row) for row in page], cursor))


class _EventAct(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    def replay(self, request: Request, created_ids: Sequence[str], event_id: str) -> Response:
        return _event_response(event_id)


class ProviderEventRetry(_EventAct):
    @extend_schema(
        operation_id="provider_events_retry",
        request=None,
        responses={200: schema.ProviderEvent, **problems(401, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, event_id: str) -> Response:
        """Acts on a waiting event within seconds instead of when it is due."""
        decisions.provider_event_retry(event_id=_event(event_id).id, actor=actor(request))
        return _event_response(event_id)


class ProviderEventSetAside(_EventAct):
    @extend_schema(
        operation_id="provider_events_set_aside",
        request=SetAsideBody,
        responses={200: schema.ProviderEvent, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, event_id: str) -> Response:
        """Ends a waiting event that is not to be acted on."""
        event, values = _event(event_id), body_of(request, SetAsideBody)
        decisions.provider_event_set_aside(event_id=event.id, actor=actor(request), **values)
        return _event_response(event_id)


class _PaymentAct(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str, payment_id: str) -> Response:
        return _payment_response(tenant_id, payment_id)


class ProviderPaymentRetry(_PaymentAct):
    @extend_schema(
        operation_id="tenants_provider_payments_retry",
        request=None,
        responses={200: schema.ProviderPayment, **problems(401, 404, 409)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str, payment_id: str) -> Response:
        """Asks the provider for a payment within seconds instead of when it is due."""
        decisions.payment_retry(payment_id=_payment_id(tenant_id, payment_id), actor=actor(request))
        return _payment_response(tenant_id, payment_id)


class ProviderPaymentSetAside(_PaymentAct):
    @extend_schema(
        operation_id="tenants_provider_payments_set_aside",
        request=SetAsideBody,
        responses={200: schema.ProviderPayment, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str, payment_id: str) -> Response:
        """Decides that nothing more is done about a payment: an open one is closed, what came of it and is not booked
        stays out of the books, what is owed of it is waived. Money that comes only after that is booked.
        """
        row_id, values = _payment_id(tenant_id, payment_id), body_of(request, SetAsideBody)
        decisions.payment_set_aside(payment_id=row_id, actor=actor(request), **values)
        return _payment_response(tenant_id, payment_id)


def _event(reference: str) -> ProviderEvent:
    row = event_by_reference(reference)
    if row is None:
        raise not_found()
    return row


def _event_response(reference: str) -> Response:
    return Response(provider_event_json(_event(reference)))


def _payment_id(tenant_id: str, payment_id: str) -> UUID:
    """Returns the id of a tenant's payment. Raises Problem 404."""
    tenant, row_id = tenant_named(tenant_id), ids.decode(ids.PROVIDER_PAYMENT, payment_id)
    if row_id is None or not payments_of(tenant.id).filter(id=row_id).exists():
        raise not_found()
    return row_id


def _payment_response(tenant_id: str, payment_id: str) -> Response:
    row_id = _payment_id(tenant_id, payment_id)
    return Response(provider_payment_json(payments_of(tenant_named(tenant_id).id).get(id=row_id)))
