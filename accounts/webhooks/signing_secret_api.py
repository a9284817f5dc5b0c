"""`/api/v1/webhook-signing-secret`: what signs requests to the URLs of single jobs."""

from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.idempotency import IdempotentView
from accounts.webhooks import schema
from accounts.webhooks.api import NO_STORE
from accounts.webhooks.representation import signing_secret_json
from accounts.webhooks.signing_secret import signing_secret_read, signing_secret_rotate
from cavendish.http.schema import problems


class WebhookSigningSecret(APIView):
    scopes = {"GET": "webhooks"}

    @extend_schema(
        operation_id="webhook_signing_secret_get",
        responses={200: schema.WebhookSigningSecret, **problems(401, 403)},
        tags=["webhooks"],
    )
    def get(self, request: Request) -> Response:
        """Returns the secret that signs requests to the `webhook.url` of jobs of the key's mode."""
        return _shown(request)


class WebhookSigningSecretRotate(IdempotentView):
    scopes = {"POST": "webhooks"}

    @extend_schema(
        operation_id="webhook_signing_secret_rotate",
        request=None,
        responses={200: schema.WebhookSigningSecret, **problems(401, 403)},
        tags=["webhooks"],
    )
    def post(self, request: Request) -> Response:
        """Makes a new secret. For 24 hours each request has signatures of both secrets."""
        who = principal(request)
        row = signing_secret_rotate(tenant_id=who.tenant_id, livemode=who.livemode, actor=actor(request))
        return Response(signing_secret_json(row), headers=NO_STORE)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _shown(request)


def _shown(request: Request) -> Response:
    who = principal(request)
    row = signing_secret_read(tenant_id=who.tenant_id, livemode=who.livemode, actor=actor(request))
    return Response(signing_secret_json(row), headers=NO_STORE)
