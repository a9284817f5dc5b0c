"""`/v1/webhooks` as the official SDKs call it: create, list, get, update, delete, ping, rotateSigningSecret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import JsonResponse
from rest_framework.request import Request

from accounts.authentication.drf import actor, principal
from accounts.idempotency import Replay
from accounts.models import WebhookEndpoint
from accounts.webhooks.event_names import GEMINI, GEMINI_NEVER
from accounts.webhooks.selectors import webhook_endpoints
from accounts.webhooks.services import (
    OVERLAP,
    webhook_endpoint_create,
    webhook_endpoint_delete,
    webhook_endpoint_rotate,
    webhook_endpoint_update,
    webhook_test_send,
)
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.egress.guard import MAX_URL_CHARS
from cavendish.http.json_body import Body, Choice, Listed, Text, body_of
from cavendish.http.problems import Problem, bad_request, not_found
from generations.compat.gemini.paging import list_check, page_after, page_size
from generations.compat.gemini.views import GoogleView
from generations.compat.gemini.webhooks.representation import webhook_json
from generations.compat.shared.pointer_map import PointerMap, errors_placed, placed

EVENTS = [*dict.fromkeys(GEMINI.values()), *GEMINI_NEVER]
_FIELDS = {"uri": "url", "subscribed_events": "events", "name": "description", "state": "status"}


class WebhookChange(Body):
    uri = Text(max_length=MAX_URL_CHARS)
    subscribed_events = Listed(child=Choice(choices=EVENTS), min_length=1, max_length=len(EVENTS))
    name = Text(max_length=200, allow_blank=True)
    state = Choice(choices=["enabled", "disabled", "disabled_due_to_failed_deliveries"])


class WebhookNew(WebhookChange):
    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        del fields["state"]
        for name, field in fields.items():
            field.required = name != "name"
        return fields


class Rotation(Body):
    revocation_behavior = Choice(
        choices=["revoke_previous_secrets_after_h24", "revoke_previous_secrets_immediately"], required=False
    )


class WebhookList(GoogleView):
    scopes = {"GET": "webhooks", "POST": "webhooks"}

    def get(self, request: Request) -> JsonResponse:
        """Webhooks that were made here, newest first."""
        who = principal(request)
        list_check(request)
        size, after = page_size(request), page_after(request)
        with tenant_context(who.tenant_id):
            rows = webhook_endpoints(who.tenant_id, livemode=who.livemode, dialect=WebhookEndpoint.Dialect.GEMINI)
            if after:
                rows = rows.filter(id__lt=after)
            found = list(rows.order_by("-id")[: size + 1])
        page: dict[str, Any] = {"webhooks": [webhook_json(row) for row in found[:size]]}
        if len(found) > size:
            page["next_page_token"] = found[size - 1].id.hex
        return JsonResponse(page)

    def post(self, request: Request) -> JsonResponse:
        """Creates a webhook; `new_signing_secret` is only in this answer."""
        who = principal(request)
        with errors_placed(_placed):
            row, secret = webhook_endpoint_create(
                tenant_id=who.tenant_id,
                livemode=who.livemode,
                dialect=WebhookEndpoint.Dialect.GEMINI,
                actor=actor(request),
                **_ours(body_of(request, WebhookNew)),
            )
        return JsonResponse(webhook_json(row, secret))

    def replay(self, request: Request, created_ids: Sequence[str]) -> JsonResponse:
        return JsonResponse(webhook_json(_load(request, f"{ids.WEBHOOK_ENDPOINT}_{created_ids[0]}")))


class WebhookDetail(GoogleView):
    scopes = {"GET": "webhooks", "PATCH": "webhooks", "DELETE": "webhooks"}

    def get(self, request: Request, webhook_id: str) -> JsonResponse:
        return JsonResponse(webhook_json(_load(request, webhook_id)))

    def patch(self, request: Request, webhook_id: str) -> JsonResponse:
        """Changes what the body names, or of that what `update_mask` names."""
        row = _load(request, webhook_id)
        with errors_placed(_placed):
            body = body_of(request, WebhookChange, partial=True)
        mask = request.query_params.get("update_mask")
        if mask and mask != "*":
            names = [name.strip() for name in mask.split(",")]
            if unknown := [name for name in names if name not in _FIELDS]:
                raise bad_request("unknown_field", f"update_mask names no field of a webhook: {unknown[0][:80]}.")
            body = {name: value for name, value in body.items() if name in names}
        with errors_placed(_placed):
            row = webhook_endpoint_update(
                tenant_id=row.tenant_id, endpoint_id=row.id, changed=_ours(body), actor=actor(request)
            )
        return JsonResponse(webhook_json(row))

    def delete(self, request: Request, webhook_id: str) -> JsonResponse:
        row = _load(request, webhook_id)
        webhook_endpoint_delete(tenant_id=row.tenant_id, endpoint_id=row.id, actor=actor(request))
        return JsonResponse({})


class WebhookPing(GoogleView):
    replays = Replay.KEPT
    scopes = {"POST": "webhooks"}

    def post(self, request: Request, webhook_id: str) -> JsonResponse:
        """Sends the event `webhook.test`."""
        row = _load(request, webhook_id)
        webhook_test_send(tenant_id=row.tenant_id, endpoint_id=row.id, actor=actor(request))
        return JsonResponse({})


class WebhookRotate(GoogleView):
    scopes = {"POST": "webhooks"}

    def post(self, request: Request, webhook_id: str) -> JsonResponse:
        """Gives it a new secret. The one before signs for 24 hours more, unless the body revokes it at once."""
        row = _load(request, webhook_id)
        with errors_placed(_placed):
            body = body_of(request, Rotation) if request.data else {}
        now = body.get("revocation_behavior") == "revoke_previous_secrets_immediately"
        _, secret = webhook_endpoint_rotate(
            tenant_id=row.tenant_id,
            endpoint_id=row.id,
            actor=actor(request),
            overlap=timedelta(0) if now else OVERLAP,
        )
        return JsonResponse({"secret": secret})

    def replay(self, request: Request, created_ids: Sequence[str], webhook_id: str) -> JsonResponse:
        """Without the secret, which is nowhere to be had again."""
        _load(request, webhook_id)
        return JsonResponse({})


def _load(request: Request, public: str) -> WebhookEndpoint:
    who = principal(request)
    row_id: UUID | None = ids.decode(ids.WEBHOOK_ENDPOINT, public)
    with tenant_context(who.tenant_id):
        rows = webhook_endpoints(who.tenant_id, livemode=who.livemode, dialect=WebhookEndpoint.Dialect.GEMINI)
        row = rows.filter(id=row_id).first() if row_id is not None else None
    if row is None:
        raise not_found()
    return row


def _placed(problem: Problem) -> Problem:
    """A problem with a webhook, in the names of the body that came."""
    pointers = PointerMap(spelled=str)
    for theirs, ours in _FIELDS.items():
        pointers.note(f"/{ours}", f"/{theirs}")
    return placed(problem, pointers)


def _ours(body: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields under our names. The platform's own state counts as disabled where a client sends it."""
    values = {_FIELDS[name]: value for name, value in body.items()}
    if values.get("status", "enabled") != "enabled":
        values["status"] = WebhookEndpoint.Status.DISABLED
    return values
