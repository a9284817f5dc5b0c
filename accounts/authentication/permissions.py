from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.authentication.drf import asked_by_layer, principal
from accounts.authentication.principal import Principal
from cavendish.http.problems import Problem


class HasScope(BasePermission):
    """The view names the scope per method in `scopes`, for example {"GET": "read", "POST": "generate"}."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Principal):
            raise NotAuthenticated()
        scopes: dict[str, str] = view.scopes
        wanted = scopes.get(request.method or "", scopes.get("GET"))
        # A method that the view does not have is a 405 of DRF's. A read that ends a waiting POST was allowed as that
        # POST: refusing it now would tell a client that its accepted, billed job was not taken.
        if wanted is None or asked_by_layer(request):
            return True
        if wanted not in request.user.scopes:
            detail = f'This key lacks the scope "{wanted}".'
            raise Problem(403, "permission_denied", detail, extra={"required_scope": wanted})
        return True


def live_key_needed(request: Request, detail: str) -> None:
    """Test keys are handed around: what both modes share, and live money hangs on, is not theirs to touch."""
    if not principal(request).livemode:
        raise Problem(403, "live_key_needed", f"{detail}; use a live key.")
