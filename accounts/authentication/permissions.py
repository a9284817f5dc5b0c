"""What a key may do, checked before a view runs."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.authentication.drf import principal, resumed_by_wait_layer
from accounts.authentication.principal import Principal
from cavendish.http.admission import scope_missing
from cavendish.http.problems import Problem


class HasScope(BasePermission):
    """Requires the scope that the view names for the method in `scopes`, like {"GET": "read", "POST": "generate"}."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Principal):
            raise NotAuthenticated()
        scopes: dict[str, str] = view.scopes
        required = scopes.get(request.method or "", scopes.get("GET"))
        # A method that the view does not have is a 405 of DRF's. A read that ends a waiting POST was allowed as that
        # POST: refusing it now would tell a client that its accepted, billed job was refused.
        if required is None or resumed_by_wait_layer(request):
            return True
        if required not in request.user.scopes:
            raise scope_missing(required)
        return True


def require_live_key(request: Request, detail: str) -> None:
    """Raises Problem 403 for a test key, on what both modes share and live money depends on: test keys are handed
    around.
    """
    if not principal(request).livemode:
        raise Problem(403, "live_key_needed", f"{detail}; use a live key.")
