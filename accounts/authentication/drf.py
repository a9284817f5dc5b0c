"""How REST framework authenticates tenants' keys, and what views ask about the key that proved itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.authentication.principal import Principal, key_changes, principal_of
from accounts.limits import current_reservation
from cavendish.http.threaded import INTERNAL


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticates `Authorization: Bearer cvd_…` or `x-goog-api-key: cvd_…`.

    Whatever is wrong with a key, the response is the same 401. A valid key is counted against its rate limits, and
    refused with 429 where they leave no room.
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
        if not resumed_by_wait_layer(request):
            current_reservation().open(principal.limits, pictures=_makes_pictures(request))
        return principal, None

    def secret_of(self, request: Request) -> str:
        """Returns the key that the request carries, or an empty string."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        return (secret if scheme.lower() == "bearer" else request.headers.get("x-goog-api-key", "")).strip()

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cavendish"'


class GoogleKeyAuthentication(ApiKeyAuthentication):
    """Also accepts `?key=`, which users of Google's REST API write. `x-goog-api-key` wins: SDKs always send it."""

    def secret_of(self, request: Request) -> str:
        header: str = request.headers.get("x-goog-api-key", "")
        return header.strip() or super().secret_of(request) or request.query_params.get("key", "").strip()


def resumed_by_wait_layer(request: Request) -> bool:
    """Returns whether the wait layer asks for a client whose wait is over.

    That is the second half of a request that was authenticated and counted before it waited.
    """
    return bool(getattr(request._request, "scope", {}).get(INTERNAL))


def _makes_pictures(request: Request) -> bool:
    """Returns whether the request may ask for pictures: views name such methods in `makes_pictures`."""
    view = (request.parser_context or {}).get("view")
    return request.method in getattr(view, "makes_pictures", ())


def principal(request: Request) -> Principal:
    """Returns the key that makes the request, in a view that only lets tenants' keys in."""
    user: object = request.user
    assert isinstance(user, Principal)
    return user


def actor(request: Request) -> Actor:
    """Returns the tenant's or operator's key that makes the request, with its address, for the audit log."""
    user: Any = request.user
    key: Actor = user.actor
    return replace(key, address=request.META.get("REMOTE_ADDR", ""))
