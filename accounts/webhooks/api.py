"""`/api/v1/webhook-endpoints`: endpoints, their secrets, the log of deliveries, and sending again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import CREATED, Parameters
from accounts.idempotency import IdempotentView, Replay
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.webhooks import schema
from accounts.webhooks.bodies import EndpointChange, EndpointNew, Resend
from accounts.webhooks.representation import delivery_detail_json, delivery_json, endpoint_json
from accounts.webhooks.selectors import last_attempts, webhook_attempts, webhook_deliveries, webhook_endpoints
from accounts.webhooks.services import (
    webhook_deliveries_resend,
    webhook_delivery_resend,
    webhook_endpoint_create,
    webhook_endpoint_delete,
    webhook_endpoint_rotate,
    webhook_endpoint_update,
    webhook_test_send,
)
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

# No cache on the way may keep a secret.
NO_STORE = {"Cache-Control": "no-store"}
PATH = "/api/v1/webhook-endpoints"


class WebhookEndpointList(IdempotentView):
    scopes = {"GET": "webhooks", "POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_endpoints_list",
        responses={200: schema.WebhookEndpointPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.ENDPOINTS],
        tags=["webhooks"],
    )
    def get(self, request: Request) -> Response:
        """Lists webhook endpoints of the key's mode, newest first."""
        who = principal(request)
        parameters = Parameters(request, takes=("status",))
        status = parameters.choice("status", tuple(WebhookEndpoint.Status.values))
        parameters.close()
        with tenant_work(who.tenant_id):
            rows = webhook_endpoints(who.tenant_id, livemode=who.livemode)
            if status:
                rows = rows.filter(status=status)
            page, cursor = page_read(request, rows, ids.WEBHOOK_ENDPOINT)
        return Response(page_json([endpoint_json(row) for row in page], cursor))

    @extend_schema(
        operation_id="webhook_endpoints_create",
        request=EndpointNew,
        responses={201: schema.WebhookEndpointWithSecret, **problems(400, 401, 403, 422, 429)},
        tags=["webhooks"],
    )
    def post(self, request: Request) -> Response:
        """Creates an endpoint that receives events of the key's mode. `secret` is only in this response."""
        who = principal(request)
        values: dict[str, Any] = body_of(request, EndpointNew)
        row, secret = webhook_endpoint_create(
            tenant_id=who.tenant_id, livemode=who.livemode, actor=actor(request), **values
        )
        body = endpoint_json(row, secret)
        return Response(body, 201, headers={"Location": f"{PATH}/{body['id']}", **NO_STORE})

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        """Returns the endpoint without its secret, which is nowhere to be had again."""
        public = f"{ids.WEBHOOK_ENDPOINT}_{created_ids[0]}"
        with tenant_work(principal(request).tenant_id):
            body = endpoint_json(_endpoint(request, public))
        return Response(body, 201, headers={"Location": f"{PATH}/{public}", **NO_STORE})


class WebhookEndpointDetail(APIView):
    scopes = {"GET": "webhooks", "PATCH": "webhooks", "DELETE": "webhooks"}

    @extend_schema(
        operation_id="webhook_endpoints_get",
        responses={200: schema.WebhookEndpoint, **problems(401, 403, 404)},
        tags=["webhooks"],
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Returns an endpoint, without its secret."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            return Response(endpoint_json(_endpoint(request, endpoint_id)))

    @extend_schema(
        operation_id="webhook_endpoints_update",
        request=EndpointChange,
        responses={200: schema.WebhookEndpoint, **problems(400, 401, 403, 404, 422)},
        tags=["webhooks"],
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Updates the fields that the body names. A disabled endpoint drops what waits for it; it can be resent."""
        row_id = _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        changed = body_of(request, EndpointChange, partial=True)
        row = webhook_endpoint_update(
            tenant_id=principal(request).tenant_id, endpoint_id=row_id, changed=changed, actor=actor(request)
        )
        return Response(endpoint_json(row))

    @extend_schema(
        operation_id="webhook_endpoints_delete",
        responses={204: None, **problems(401, 403, 404)},
        tags=["webhooks"],
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Deletes an endpoint and the log of its deliveries."""
        row_id = _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        webhook_endpoint_delete(tenant_id=principal(request).tenant_id, endpoint_id=row_id, actor=actor(request))
        return Response(status=204)


class WebhookEndpointRotate(IdempotentView):
    scopes = {"POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_endpoints_rotate",
        request=None,
        responses={200: schema.WebhookEndpointWithSecret, **problems(401, 403, 404)},
        tags=["webhooks"],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Gives the endpoint a new secret. For 24 hours each request has signatures of both secrets."""
        row_id = _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        row, secret = webhook_endpoint_rotate(
            tenant_id=principal(request).tenant_id, endpoint_id=row_id, actor=actor(request)
        )
        return Response(endpoint_json(row, secret), headers=NO_STORE)

    def replay(self, request: Request, created_ids: Sequence[str], endpoint_id: str) -> Response:
        """Returns the endpoint without its new secret, which is nowhere to be had again."""
        with tenant_work(principal(request).tenant_id):
            return Response(endpoint_json(_endpoint(request, endpoint_id)), headers=NO_STORE)


class WebhookEndpointTest(IdempotentView):
    scopes = {"POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_endpoints_test",
        request=None,
        responses={202: schema.WebhookDelivery, **problems(401, 403, 404, 409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Sends the event `webhook.test` to this endpoint. Returns its delivery, which is sent within seconds."""
        row_id = _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        delivery = webhook_test_send(tenant_id=principal(request).tenant_id, endpoint_id=row_id, actor=actor(request))
        return Response(delivery_json(delivery, None), 202)

    def replay(self, request: Request, created_ids: Sequence[str], endpoint_id: str) -> Response:
        return _queued(request, endpoint_id, created_ids[0])


class WebhookEndpointResend(IdempotentView):
    replays = Replay.KEPT
    scopes = {"POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_endpoints_resend",
        request=Resend,
        responses={202: schema.WebhookResent, **problems(400, 401, 403, 404, 409, 422)},
        tags=["webhooks"],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Sends deliveries of a range again: those that failed, or the others too. Their event ids stay the same.

        Those that failed and wait for their next attempt are sent now.
        """
        row_id = _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        body = body_of(request, Resend)
        count = webhook_deliveries_resend(
            tenant_id=principal(request).tenant_id,
            endpoint_id=row_id,
            actor=actor(request),
            status=body.get("status"),
            since=body.get("from"),
            until=body.get("to"),
        )
        return Response({"resent": count}, 202)


class WebhookDeliveryList(APIView):
    scopes = {"GET": "webhooks"}

    @extend_schema(
        operation_id="webhook_deliveries_list",
        responses={200: schema.WebhookDeliveryPage, **problems(401, 403, 404, 422)},
        parameters=[*PAGING, *schema.DELIVERIES],
        tags=["webhooks"],
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Lists an endpoint's deliveries of the last 30 days, newest first, each with its last attempt."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            rows = webhook_deliveries(_endpoint(request, endpoint_id))
            parameters = Parameters(request, takes=(*CREATED, "status", "event_type", "event_id"))
            rows = rows.filter(**parameters.created())
            if event_id := parameters.text("event_id"):
                rows = rows.filter(message_id=event_id)
            if status := parameters.choice("status", tuple(WebhookDelivery.Status.values)):
                rows = rows.filter(status=status)
            if event_type := parameters.text("event_type"):
                rows = rows.filter(event_type=event_type)
            parameters.close()
            page, cursor = page_read(request, rows, ids.WEBHOOK_DELIVERY)
            last = last_attempts(who.tenant_id, page)
        return Response(page_json([delivery_json(row, last.get(row.id)) for row in page], cursor))


class WebhookDeliveryDetail(APIView):
    scopes = {"GET": "webhooks"}

    @extend_schema(
        operation_id="webhook_deliveries_get",
        responses={200: schema.WebhookDeliveryDetail, **problems(401, 403, 404)},
        tags=["webhooks"],
    )
    def get(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Returns a delivery with what was sent and each answer, cut to 4,096 bytes."""
        who = principal(request)
        row_id = _id_of(ids.WEBHOOK_DELIVERY, delivery_id)
        with tenant_work(who.tenant_id):
            delivery = webhook_deliveries(_endpoint(request, endpoint_id)).filter(id=row_id).first()
            if delivery is None:
                raise not_found()
            attempts = webhook_attempts(who.tenant_id, delivery.id)
        return Response(delivery_detail_json(delivery, attempts))


class WebhookDeliveryResend(IdempotentView):
    scopes = {"POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_deliveries_resend",
        request=None,
        responses={202: schema.WebhookDelivery, **problems(401, 403, 404, 409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Sends a delivery again, whatever became of it, with the same event id."""
        row_id, endpoint = _id_of(ids.WEBHOOK_DELIVERY, delivery_id), _id_of(ids.WEBHOOK_ENDPOINT, endpoint_id)
        delivery = webhook_delivery_resend(
            tenant_id=principal(request).tenant_id, endpoint_id=endpoint, delivery_id=row_id, actor=actor(request)
        )
        return Response(delivery_json(delivery, None), 202)

    def replay(self, request: Request, created_ids: Sequence[str], endpoint_id: str, delivery_id: str) -> Response:
        return _queued(request, endpoint_id, created_ids[0])


def _queued(request: Request, endpoint_id: str, delivery_id: str) -> Response:
    """Returns a delivery that an earlier request queued, as it stands."""
    with tenant_work(principal(request).tenant_id):
        delivery = webhook_deliveries(_endpoint(request, endpoint_id)).filter(id=UUID(delivery_id)).first()
        if delivery is None:
            raise not_found()
    return Response(delivery_json(delivery, None), 202)


def _endpoint(request: Request, public: str) -> WebhookEndpoint:
    who = principal(request)
    rows = webhook_endpoints(who.tenant_id, livemode=who.livemode)
    row = rows.filter(id=_id_of(ids.WEBHOOK_ENDPOINT, public)).first()
    if row is None:
        raise not_found()
    return row


def _id_of(prefix: str, public: str) -> UUID:
    row_id = ids.decode(prefix, public)
    if row_id is None:
        raise not_found()
    return row_id
