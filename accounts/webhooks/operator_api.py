"""`/api/v1/tenants/{tenant_id}/webhook-endpoints/…`: what operators do with a tenant's webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_of
from accounts.models import WebhookDelivery
from accounts.roles.operators import OperatorPermission
from accounts.webhooks import schema
from accounts.webhooks.representation import delivery_json
from accounts.webhooks.services import webhook_delivery_resend
from cavendish.db import ids
from cavendish.http.problems import not_found
from cavendish.http.schema import problems


class TenantWebhookDeliveryResend(OperatorView):
    operator_permissions = {"POST": OperatorPermission.JOBS}

    @extend_schema(
        operation_id="tenants_webhook_deliveries_resend",
        request=None,
        responses={202: schema.WebhookDelivery, **problems(401, 403, 404, 409)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, endpoint_id: str, delivery_id: str) -> Response:
        """Sends a tenant's delivery again, whatever became of it, with the same event id."""
        delivery = webhook_delivery_resend(
            tenant_id=tenant_of(tenant_id),
            endpoint_id=_id_of(ids.WEBHOOK_ENDPOINT, endpoint_id),
            delivery_id=_id_of(ids.WEBHOOK_DELIVERY, delivery_id),
            actor=actor(request),
        )
        return Response(delivery_json(delivery, None), 202)

    def replay(
        self, request: Request, created_ids: Sequence[str], tenant_id: str, endpoint_id: str, delivery_id: str
    ) -> Response:
        rows = WebhookDelivery.objects.filter(tenant_id=tenant_of(tenant_id), id=UUID(created_ids[0]))
        delivery = rows.first()
        if delivery is None:
            raise not_found()
        return Response(delivery_json(delivery, None), 202)


def _id_of(prefix: str, public: str) -> UUID:
    row_id = ids.decode(prefix, public)
    if row_id is None:
        raise not_found()
    return row_id
