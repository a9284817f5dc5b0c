from __future__ import annotations

from dataclasses import replace
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.authentication.principal import Principal, key_changes, principal_of
from accounts.limits import current_reservation


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cvd_…` or `x-goog-api-key: cvd_…`. Whatever is wrong with a key, the answer is one 401.

    A key that is right is counted against its limits, and refused with 429 where they leave no room.
    """

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        secret = self.secret_of(request)
        if not secret:
            return None
        address = request.META.get("REMOTE_ADDR", "")
        principal = principal_of(secret)
        if principal is None or not principal.may_come_from(address):
            raise AuthenticationFailed()
        key_changes.note_use(principal.key_id, address)
        if not asked_by_layer(request):
            current_reservation().open(principal.limits, pictures=_makes_pictures(request))
        return principal, None

    def secret_of(self, request: Request) -> str:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        return (secret if scheme.lower() == "bearer" else request.headers.get("x-goog-api-key", "")).strip()

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cavendish"'


class GoogleKeyAuthentication(ApiKeyAuthentication):
    """The same, and `?key=`, which users of Google's REST API write. `x-goog-api-key` wins: SDKs always send it."""

    def secret_of(self, request: Request) -> str:
        named: str = request.headers.get("x-goog-api-key", "")
        return named.strip() or super().secret_of(request) or request.query_params.get("key", "").strip()


def asked_by_layer(request: Request) -> bool:
    """Whether the waiting layer asks, for a client whose wait is over: the rest of a request that was let in before."""
    return bool(getattr(request._request, "scope", {}).get("cavendish.internal"))


def _makes_pictures(request: Request) -> bool:
    """Views say it: `makes_pictures` are the methods whose bodies ask for some."""
    view = (request.parser_context or {}).get("view")
    return request.method in getattr(view, "makes_pictures", ())


def principal(request: Request) -> Principal:
    """Who asks, in a view that only lets keys in."""
    user: object = request.user
    assert isinstance(user, Principal)
    return user


def actor(request: Request) -> Actor:
    """Who asks and from where, for the audit."""
    user: Any = request.user
    found: Actor = user.actor
    return replace(found, address=request.META.get("REMOTE_ADDR", ""))
