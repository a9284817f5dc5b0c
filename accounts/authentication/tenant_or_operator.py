"""Addresses that serve tenants' keys and operators' keys: a tenant sees its own rows, an operator everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.authentication import tokens
from accounts.authentication.drf import ApiKeyAuthentication
from accounts.authentication.operators import HasOperatorPermission, OperatorKeyAuthentication, OperatorPrincipal
from accounts.authentication.permissions import HasScope
from accounts.authentication.principal import Principal
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context


class TenantOrOperatorAuthentication(BaseAuthentication):
    """Authenticates a tenant's key or an operator's; they begin differently."""

    def authenticate(self, request: Request) -> tuple[Principal | OperatorPrincipal, None] | None:
        if tokens.is_operator_key(ApiKeyAuthentication().secret_of(request)):
            return OperatorKeyAuthentication().authenticate(request)
        return ApiKeyAuthentication().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cavendish"'


class HasScopeOrIsOperator(HasScope):
    """Requires the view's scope of a tenant's key, and of an operator's key what `operator_permissions` name."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: object = request.user
        if isinstance(user, OperatorPrincipal):
            return HasOperatorPermission().has_permission(request, view)
        return super().has_permission(request, view)


@contextmanager
def principal_context(user: Principal | OperatorPrincipal) -> Iterator[None]:
    """Runs the block in the key's tenant context; for an operator's key, as the operator, who sees all tenants."""
    if isinstance(user, OperatorPrincipal):
        with acting_as("operator"):
            yield
    else:
        with tenant_context(user.tenant_id):
            yield
