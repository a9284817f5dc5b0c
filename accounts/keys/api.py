"""`/api/v1/keys` for a tenant's own API keys, and `/api/v1/tenants/{tenant_id}/keys` for operators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import CREATED, Parameters, tenant_of
from accounts.idempotency import IdempotentView
from accounts.keys import schema
from accounts.keys.bodies import DEFAULT_SCOPES, KeyChange, KeyNew, KeyRotation
from accounts.keys.representation import STATUSES, key_json
from accounts.keys.services import DEFAULT_OVERLAP, api_key_create, api_key_revoke, api_key_rotate, api_key_update
from accounts.models import ApiKey
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

# No cache on the way may keep a secret.
NO_STORE = {"Cache-Control": "no-store"}


class KeyList(IdempotentView):
    scopes = {"GET": "keys", "POST": "keys"}

    @extend_schema(
        operation_id="keys_list",
        responses={200: schema.ApiKeyPage, **problems(401, 403, 422)},
        parameters=[*PAGING, *schema.KEYS],
        tags=["keys"],
    )
    def get(self, request: Request) -> Response:
        """Lists API keys, newest first, including expired and revoked ones. Test keys only see test keys."""
        who = principal(request)
        return _list(request, who.tenant_id, test_only=not who.livemode)

    @extend_schema(
        operation_id="keys_create",
        request=KeyNew,
        responses={201: schema.ApiKeyWithSecret, **problems(400, 401, 403, 422)},
        tags=["keys"],
    )
    def post(self, request: Request) -> Response:
        """Creates an API key. It never has more than the key that creates it. `secret` is only in this response."""
        who = principal(request)
        return _create(request, who.tenant_id, livemode=who.livemode, path="/api/v1/keys")

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return _created_again(principal(request).tenant_id, created_ids[0], path="/api/v1/keys")


class KeyDetail(APIView):
    scopes = {"GET": "keys", "PATCH": "keys"}

    @extend_schema(operation_id="keys_get", responses={200: schema.ApiKey, **problems(401, 403, 404)}, tags=["keys"])
    def get(self, request: Request, key_id: str) -> Response:
        """Returns an API key, without its secret."""
        who = principal(request)
        return Response(key_json(_find(who.tenant_id, key_id, test_only=not who.livemode)))

    @extend_schema(
        operation_id="keys_update",
        request=KeyChange,
        responses={200: schema.ApiKey, **problems(400, 401, 403, 404, 409, 422)},
        tags=["keys"],
    )
    def patch(self, request: Request, key_id: str) -> Response:
        """Updates the fields that the body names. Changes take effect everywhere within a second."""
        row_id = _id_of(key_id)
        changed = body_of(request, KeyChange, partial=True)
        row = api_key_update(
            tenant_id=principal(request).tenant_id, key_id=row_id, changed=changed, actor=actor(request)
        )
        return Response(key_json(row))


class KeyRotate(IdempotentView):
    scopes = {"POST": "keys"}

    @extend_schema(
        operation_id="keys_rotate",
        request=KeyRotation,
        responses={200: schema.ApiKeyWithSecret, **problems(400, 401, 403, 404, 409, 422)},
        tags=["keys"],
    )
    def post(self, request: Request, key_id: str) -> Response:
        """Gives the key a new secret. The old one keeps working for `overlap_seconds`."""
        row_id = _id_of(key_id)
        body = body_of(request, KeyRotation)
        overlap = timedelta(seconds=body["overlap_seconds"]) if "overlap_seconds" in body else DEFAULT_OVERLAP
        row, secret = api_key_rotate(
            tenant_id=principal(request).tenant_id, key_id=row_id, actor=actor(request), overlap=overlap
        )
        return Response(key_json(row, secret), headers=NO_STORE)

    def replay(self, request: Request, created_ids: Sequence[str], key_id: str) -> Response:
        """Returns the key without its secret, which is nowhere to be had again."""
        return Response(key_json(_find(principal(request).tenant_id, key_id)), headers=NO_STORE)


class KeyRevoke(IdempotentView):
    scopes = {"POST": "keys"}

    @extend_schema(
        operation_id="keys_revoke",
        request=None,
        responses={200: schema.ApiKey, **problems(401, 403, 404)},
        tags=["keys"],
    )
    def post(self, request: Request, key_id: str) -> Response:
        """Revokes a key permanently, everywhere within a second. A key with the scope may revoke any key and itself."""
        row = api_key_revoke(tenant_id=principal(request).tenant_id, key_id=_id_of(key_id), actor=actor(request))
        return Response(key_json(row))

    def replay(self, request: Request, created_ids: Sequence[str], key_id: str) -> Response:
        return Response(key_json(_find(principal(request).tenant_id, key_id)))


class TenantKeyList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.KEYS}

    @extend_schema(
        operation_id="tenant_keys_list",
        responses={200: schema.ApiKeyPage, **problems(401, 404, 422)},
        parameters=[*PAGING, *schema.KEYS],
        tags=["operators"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Lists a tenant's API keys of both modes, newest first."""
        return _list(request, tenant_of(tenant_id))

    @extend_schema(
        operation_id="tenant_keys_create",
        request=KeyNew,
        responses={201: schema.ApiKeyWithSecret, **problems(400, 401, 404, 422)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Creates an API key for a tenant, live unless `livemode` is false."""
        return _create(request, tenant_of(tenant_id), livemode=True, path=f"/api/v1/tenants/{tenant_id}/keys")

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        return _created_again(tenant_of(tenant_id), created_ids[0], path=f"/api/v1/tenants/{tenant_id}/keys")


class TenantKeyDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="tenant_keys_get", responses={200: schema.ApiKey, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, tenant_id: str, key_id: str) -> Response:
        """Returns a tenant's API key, without its secret."""
        return Response(key_json(_find(tenant_of(tenant_id), key_id)))


class TenantKeyRevoke(OperatorView):
    operator_permissions = {"POST": OperatorPermission.KEYS}

    @extend_schema(
        operation_id="tenant_keys_revoke",
        request=None,
        responses={200: schema.ApiKey, **problems(401, 404)},
        tags=["operators"],
    )
    def post(self, request: Request, tenant_id: str, key_id: str) -> Response:
        """Revokes a tenant's key permanently, everywhere within a second."""
        row = api_key_revoke(tenant_id=tenant_of(tenant_id), key_id=_id_of(key_id), actor=actor(request))
        return Response(key_json(row))

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str, key_id: str) -> Response:
        return Response(key_json(_find(tenant_of(tenant_id), key_id)))


def _list(request: Request, tenant_id: UUID, *, test_only: bool = False) -> Response:
    parameters = Parameters(request, takes=(*CREATED, "livemode", "status", "member_id"))
    conditions = parameters.created()
    livemode = parameters.flag("livemode")
    status = parameters.choice("status", tuple(STATUSES))
    if (member_id := parameters.id("member_id", ids.USER)) is not None:
        conditions["member_id"] = member_id
    parameters.close()
    with tenant_work(tenant_id):
        rows = ApiKey.objects.filter(tenant_id=tenant_id, **conditions)
        if status:
            rows = rows.filter(STATUSES[status]())
        if livemode is not None:
            rows = rows.filter(livemode=livemode)
        if test_only:
            rows = rows.filter(livemode=False)
        page, cursor = page_read(request, rows, ids.API_KEY)
    return Response(page_json([key_json(key) for key in page], cursor))


def _create(request: Request, tenant_id: UUID, *, livemode: bool, path: str) -> Response:
    values: dict[str, Any] = {"scopes": DEFAULT_SCOPES, "livemode": livemode, **body_of(request, KeyNew)}
    row, secret = api_key_create(tenant_id=tenant_id, actor=actor(request), **values)
    body = key_json(row, secret)
    return Response(body, 201, headers={"Location": f"{path}/{body['id']}", **NO_STORE})


def _created_again(tenant_id: UUID, created_id: str, *, path: str) -> Response:
    """Returns the answer to a creation without the secret, which is nowhere to be had again."""
    body = key_json(_find(tenant_id, ids.encode(ids.API_KEY, UUID(created_id))))
    return Response(body, 201, headers={"Location": f"{path}/{body['id']}", **NO_STORE})


def _find(tenant_id: UUID, public: str, *, test_only: bool = False) -> ApiKey:
    with tenant_work(tenant_id):
        row: ApiKey | None = ApiKey.objects.filter(tenant_id=tenant_id, id=_id_of(public)).first()
    if row is None or (test_only and row.livemode):
        raise not_found()
    return row


def _id_of(public: str) -> UUID:
    key_id = ids.decode(ids.API_KEY, public)
    if key_id is None:
        raise not_found()
    return key_id
