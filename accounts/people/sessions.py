"""Sessions whose secret is in the cookie alone. The database stores its hash: whoever reads it can use no session.

The hash is the session's key everywhere inside: in `django_session`, in allauth's list of sessions, in the request.
"""

from __future__ import annotations

import hashlib
import secrets
from contextvars import ContextVar

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware as DjangosMiddleware
from django.http import HttpRequest, HttpResponse

# Secrets by session key, of the sessions that the current request knows: libraries create stores from keys alone.
_known: ContextVar[dict[str, str]] = ContextVar("session_secrets")


def session_key_of(secret: str) -> str:
    """Returns the session's key: 160 bits of the secret's SHA-256, as many as the columns for keys hold."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's store in the database, which makes secrets and stores their hashes."""

    def _get_new_session_key(self) -> str:
        return _remember(secrets.token_urlsafe(32))


class SessionMiddleware(DjangosMiddleware):
    """Django's session middleware, with the hash between the cookie and the store."""

    def process_request(self, request: HttpRequest) -> None:
        _known.set({})
        secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        request.session = SessionStore(_remember(secret) if secret else None)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        # An emptied cookie ends a session; any other has the session's key in it, as Django writes it.
        if cookie is not None and cookie.value:
            response.cookies[settings.SESSION_COOKIE_NAME] = _known.get()[cookie.value]
        return response


def _remember(secret: str) -> str:
    key = session_key_of(secret)
    _known.get({})[key] = secret
    return key
