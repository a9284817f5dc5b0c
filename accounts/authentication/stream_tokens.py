"""Short-lived tokens that open streams of events, for clients that cannot send headers (a browser's EventSource).

A token stands in the address, where it may be seen: it opens nothing else, and works only as long as its key does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication.admission import KeyAdmission
from accounts.authentication.drf import ApiKeyAuthentication, resumed_by_wait_layer
from accounts.authentication.principal import Principal, key_changes, principal_of_prefix
from accounts.limits import current_reservation
from cavendish.http.admission import Caller, RequestHead, Unread

LIFETIME = timedelta(minutes=15)
PARAMETER = "token"
_SALT = "cavendish.stream-token"


def stream_token(who: Principal) -> tuple[str, datetime]:
    """Returns a token for the key, and when it ends."""
    token = signing.dumps([who.key_prefix, who.tenant_id.hex], salt=_SALT)
    return token, timezone.now() + LIFETIME


def principal_of_stream_token(token: str, *, is_open: bool = False) -> Principal | None:
    """Returns the key that a token was made with, as it is now; None where either has ended. Takes a query.

    A stream that `is_open` outlives its token, but not the key.
    """
    claims = _claims(token, is_open=is_open)
    if claims is None:
        return None
    principal = principal_of_prefix(claims[0])
    return principal if principal is not None and principal.tenant_id.hex == claims[1] else None


def _claims(token: str, *, is_open: bool) -> tuple[str, str] | None:
    """Returns the prefix of the key and the tenant of a token that is ours and has not ended."""
    try:
        prefix, tenant = signing.loads(token, salt=_SALT, max_age=None if is_open else LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return prefix, tenant


class StreamAuthentication(ApiKeyAuthentication):
    """Also accepts `?token=` of `POST /api/v1/stream-tokens`. A key in a header goes before it."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        by_key = super().authenticate(request)
        token = request.query_params.get(PARAMETER, "")
        if by_key is not None or not token:
            return by_key
        address = request.META.get("REMOTE_ADDR", "")
        principal = principal_of_stream_token(token)
        if principal is None or not principal.may_come_from(address):
            raise AuthenticationFailed()
        key_changes.note_use(principal.key_id, address)
        if not resumed_by_wait_layer(request):
            current_reservation().open(principal.limits, pictures=False)
        return principal, None


class StreamAdmission(KeyAdmission):
    """Judges a request for a stream by its key, or by its token."""

    def __init__(self) -> None:
        super().__init__(StreamAuthentication, required=True)

    def known(self, head: RequestHead) -> Caller | Unread:
        token = head.query_params.get(PARAMETER, "")
        if not token or self._secret(head):
            return super().known(head)
        if _claims(token, is_open=head.is_open) is None:
            raise self._wrong()
        return Unread(new=False, shared=(token, head.address, head.is_open))

    def read(self, head: RequestHead) -> Caller:
        token = head.query_params.get(PARAMETER, "")
        if not token or self._secret(head):
            return super().read(head)
        return self._tenant_key(principal_of_stream_token(token, is_open=head.is_open), head)
