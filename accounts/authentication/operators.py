"""Authentication by operator keys, and views that run as the operator's database role, which sees all tenants."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.authentication import tokens
from accounts.authentication.drf import ApiKeyAuthentication
from accounts.idempotency import IdempotentView
from accounts.models import OperatorKey, OperatorRole
from accounts.roles.operators import OperatorPermission, operator_may, operator_refusal
from cavendish.db.router import acting_as

USE_EVERY = timedelta(minutes=1)
"""How often the use of one key is written."""


@dataclass(frozen=True)
class OperatorPrincipal:
    """An operator's key that proved itself."""

    key_id: UUID
    key_prefix: str
    name: str
    role: OperatorRole

    is_authenticated = True

    @property
    def actor(self) -> Actor:
        return Actor("operator_key", self.key_id, self.key_prefix)


class OperatorKeyAuthentication(BaseAuthentication):
    """Authenticates `Authorization: Bearer cvd_operator_…`. A tenant's key gets the same 401 as a wrong one."""

    def authenticate(self, request: Request) -> tuple[OperatorPrincipal, None] | None:
        secret = ApiKeyAuthentication().secret_of(request)
        if not secret:
            return None
        operator = operator_of(secret)
        if operator is None:
            raise AuthenticationFailed()
        return operator, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cavendish"'


def operator_of(secret: str) -> OperatorPrincipal | None:
    """Returns the principal of an operator key, or None for anything else, without saying why.

    It takes one query, and once a minute another that writes the use: operators' calls are few.
    """
    if not tokens.is_operator_key(secret):
        return None
    token = tokens.describe(secret)
    with acting_as("operator"):
        row = OperatorKey.objects.select_related("created_by").filter(prefix=token.prefix).first()
    if row is None or not hmac.compare_digest(bytes(row.digest), token.digest):
        return None
    now = timezone.now()
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    if row.created_by is not None and not row.created_by.is_active:
        return None
    if row.last_used_at is None or row.last_used_at < now - USE_EVERY:
        with acting_as("operator"):
            OperatorKey.objects.filter(id=row.id).update(last_used_at=now)
    return OperatorPrincipal(row.id, row.prefix, row.name, OperatorRole(row.role))


class IsOperator(BasePermission):
    """Allows every operator's key, whatever its role is."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, OperatorPrincipal):
            raise NotAuthenticated()
        return True


class HasOperatorPermission(IsOperator):
    """Requires the permission that the view names for the method in `operator_permissions`, of the key's role."""

    def has_permission(self, request: Request, view: Any) -> bool:
        super().has_permission(request, view)
        require_operator_permission(request, _permission_of(view, request.method or ""))
        return True


def require_operator_permission(request: Request, permission: OperatorPermission | None) -> None:
    """Raises OperatorNotAllowed where the request's operator key lacks the permission; None asks for none."""
    user: object = request.user
    assert isinstance(user, OperatorPrincipal)
    if permission is not None and not operator_may(user.role, permission):
        raise operator_refusal(user.role, permission)


def _permission_of(view: Any, method: str) -> OperatorPermission | None:
    """Returns what the method takes; None for OPTIONS, and for one that the view does not have: a 405 of DRF's.

    A method without an entry takes what only the role `full` has: forgotten is not open.
    """
    permissions: Mapping[str, OperatorPermission] = view.operator_permissions
    method = "GET" if method == "HEAD" else method
    if method == "OPTIONS" or (method not in permissions and not hasattr(view, method.lower())):
        return None
    return permissions.get(method, OperatorPermission.OPERATORS)


class OperatorView(IdempotentView):
    """A view for operator keys whose every query runs as the database role `operator`.

    `operator_permissions` names for each of its methods what the key's role must allow.
    """

    authentication_classes = (OperatorKeyAuthentication,)
    permission_classes = (HasOperatorPermission,)
    operator_permissions: ClassVar[Mapping[str, OperatorPermission]] = {}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with acting_as("operator"):
            return super().dispatch(request, *args, **kwargs)
