from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.principal import Principal, principal_of


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cvd_…` or `x-goog-api-key: cvd_…`. Whatever is wrong with a key, the answer is one 401."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        header = request.headers.get("Authorization", "")
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            secret = request.headers.get("x-goog-api-key", "")
        secret = secret.strip()
        if not secret:
            return None
        principal = principal_of(secret)
        if principal is None or not principal.may_come_from(request.META.get("REMOTE_ADDR", "")):
            raise AuthenticationFailed()
        return principal, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cavendish"'


def principal(request: Request) -> Principal:
    """Who asks, in a view that only lets keys in."""
    user: object = request.user
    assert isinstance(user, Principal)
    return user
