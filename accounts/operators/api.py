"""`/api/v1/operators` and `/api/v1/operator-keys`: who runs the platform, as which role, and with which keys."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters
from accounts.models import OperatorKey, OperatorRole, User
from accounts.operators import schema
from accounts.operators.bodies import OperatorChange, OperatorKeyNew, OperatorNew
from accounts.operators.representation import operator_json, operator_key_json
from accounts.operators.selectors import operator_find, operator_keys, operators
from accounts.operators.services import (
    operator_create,
    operator_key_create,
    operator_key_revoke,
    operator_remove,
    operator_role_change,
)
from accounts.roles.operators import OperatorPermission
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems

# No cache on the way may keep a password or a secret.
NO_STORE = {"Cache-Control": "no-store"}


class OperatorList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.OPERATORS}

    @extend_schema(
        operation_id="operators_list",
        responses={200: schema.OperatorPage, **problems(401, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Lists operators, newest first."""
        Parameters(request).close()
        page, cursor = page_read(request, operators(), ids.USER)
        return Response(page_json([operator_json(user) for user in page], cursor))

    @extend_schema(
        operation_id="operators_create",
        request=OperatorNew,
        responses={201: schema.OperatorWithPassword, **problems(400, 401, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Makes somebody an operator. Without an account under the address one is created, with a `password`."""
        body = body_of(request, OperatorNew)
        role = OperatorRole(body["role"])
        user, password = operator_create(
            email=body["email"], name=body.get("name", ""), role=role, actor=actor(request)
        )
        return self._created(user, password)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._created(_operator(UUID(created_ids[0])))

    def _created(self, user: User, password: str | None = None) -> Response:
        body = operator_json(user, password)
        return Response(body, 201, headers={"Location": f"/api/v1/operators/{body['id']}", **NO_STORE})


class OperatorDetail(OperatorView):
    operator_permissions = {
        "GET": OperatorPermission.VIEW,
        "PATCH": OperatorPermission.OPERATORS,
        "DELETE": OperatorPermission.OPERATORS,
    }

    @extend_schema(
        operation_id="operators_get", responses={200: schema.Operator, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, operator_id: str) -> Response:
        """Returns an operator."""
        return Response(operator_json(_operator(_id_of(ids.USER, operator_id))))

    @extend_schema(
        operation_id="operators_update",
        request=OperatorChange,
        responses={200: schema.Operator, **problems(400, 401, 404, 409, 422)},
        tags=["operators"],
    )
    def patch(self, request: Request, operator_id: str) -> Response:
        """Changes an operator's role. Keys that they created and that have more permissions are revoked."""
        user_id = _operator(_id_of(ids.USER, operator_id)).id
        role = OperatorRole(body_of(request, OperatorChange)["role"])
        return Response(operator_json(operator_role_change(user_id=user_id, role=role, actor=actor(request))))

    @extend_schema(
        operation_id="operators_remove", responses={204: None, **problems(401, 404, 409)}, tags=["operators"]
    )
    def delete(self, request: Request, operator_id: str) -> Response:
        """Removes an operator and revokes the keys that they created. Their account and memberships stay."""
        operator_remove(user_id=_id_of(ids.USER, operator_id), actor=actor(request))
        return Response(status=204)


class OperatorKeyList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.OPERATORS}

    @extend_schema(
        operation_id="operator_keys_list",
        responses={200: schema.OperatorKeyPage, **problems(401, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Lists operator keys, newest first, including expired and revoked ones."""
        Parameters(request).close()
        page, cursor = page_read(request, operator_keys(), ids.OPERATOR_KEY)
        return Response(page_json([operator_key_json(key) for key in page], cursor))

    @extend_schema(
        operation_id="operator_keys_create",
        request=OperatorKeyNew,
        responses={201: schema.OperatorKeyWithSecret, **problems(400, 401, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Creates an operator key. It never has more than its creator. `secret` is only in this response."""
        body = body_of(request, OperatorKeyNew)
        key, secret = operator_key_create(
            name=body["name"],
            role=OperatorRole(body["role"]),
            expires_at=body.get("expires_at"),
            actor=actor(request),
        )
        key.refresh_from_db(fields=["created_at"])
        return self._created(key, secret)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._created(_key(UUID(created_ids[0])))

    def _created(self, key: OperatorKey, secret: str | None = None) -> Response:
        body = operator_key_json(key, secret)
        return Response(body, 201, headers={"Location": f"/api/v1/operator-keys/{body['id']}", **NO_STORE})


class OperatorKeyDetail(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="operator_keys_get", responses={200: schema.OperatorKey, **problems(401, 404)}, tags=["operators"]
    )
    def get(self, request: Request, operator_key_id: str) -> Response:
        """Returns an operator key, without its secret."""
        return Response(operator_key_json(_key(_id_of(ids.OPERATOR_KEY, operator_key_id))))


class OperatorKeyRevoke(OperatorView):
    operator_permissions = {"POST": OperatorPermission.OPERATORS}

    @extend_schema(
        operation_id="operator_keys_revoke",
        request=None,
        responses={200: schema.OperatorKey, **problems(401, 404)},
        tags=["operators"],
    )
    def post(self, request: Request, operator_key_id: str) -> Response:
        """Revokes an operator key permanently, at once."""
        key_id = _key(_id_of(ids.OPERATOR_KEY, operator_key_id)).id
        operator_key_revoke(key_id=key_id, actor=actor(request))
        return Response(operator_key_json(_key(key_id)))

    def replay(self, request: Request, created_ids: Sequence[str], operator_key_id: str) -> Response:
        return Response(operator_key_json(_key(_id_of(ids.OPERATOR_KEY, operator_key_id))))


def _operator(user_id: UUID) -> User:
    user = operator_find(user_id)
    if user is None:
        raise not_found()
    return user


def _key(key_id: UUID) -> OperatorKey:
    key = operator_keys().filter(id=key_id).first()
    if key is None:
        raise not_found()
    return key


def _id_of(prefix: str, public: str) -> UUID:
    row_id = ids.decode(prefix, public)
    if row_id is None:
        raise not_found()
    return row_id
