"""Whose bytes an upload of the console's are, before they come: the tenant's that the session works for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from accounts.models import User
from accounts.people.sessions import SessionStore, session_key_of
from cavendish.above.console.session_tenant import session_tenant
from cavendish.http.admission import STRANGER, Caller, RequestHead, Unread

View = TypeVar("View", bound=Callable[..., Any])


class SessionAdmission:
    """Counts a body for the tenant of who is signed in, as one that comes with its key; others stay strangers, of whom
    an address has room for small bodies alone. The view itself asks who may what.
    """

    def known(self, head: RequestHead) -> Caller | Unread:
        secret = _cookies(head).get(settings.SESSION_COOKIE_NAME)
        return Unread(new=True) if secret and head.method == "POST" else STRANGER

    def read(self, head: RequestHead) -> Caller:
        request = HttpRequest()
        request.COOKIES = _cookies(head)
        request.session = SessionStore(session_key_of(request.COOKIES[settings.SESSION_COOKIE_NAME]))
        person = get_user(request)
        if not isinstance(person, User) or not person.is_active:
            return STRANGER
        request.user = person
        membership = session_tenant(request)
        return Caller(str(membership.tenant_id)) if membership is not None else STRANGER


def takes_files(view: View) -> View:
    """Lets a page take bodies as large as files may be, from members."""
    view.admission = SessionAdmission()  # type: ignore[attr-defined]
    return view


def _cookies(head: RequestHead) -> dict[str, str]:
    return parse_cookie(head.headers.get("cookie", ""))
