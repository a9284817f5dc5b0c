"""When sessions were last used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from cavendish.db.router import people_changing

# How exact "last seen" is; a write per request would cost more than it is worth.
SEEN_EVERY = timedelta(minutes=1)


class SessionSeenMiddleware:
    """Notes when and from where a session was used last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A request with a key, or a page without a person, costs nothing here.
        if request.session.accessed and request.session.session_key and request.user.is_authenticated:
            seen = UserSession.objects.filter(
                session_key=request.session.session_key, last_seen_at__lt=Now() - SEEN_EVERY, user_id=request.user.pk
            )
            seen.update(
                last_seen_at=Now(),
                ip=get_adapter().get_client_ip(request),
                user_agent=request.headers.get("User-Agent", "")[:200],
            )
        return response


class PeopleTransactionMiddleware:
    """One transaction of the role `people` around what a person changes about their own account.

    django-allauth locks rows in transactions of the default connection; the router sends those writes to `people`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/account/") or request.method in {"GET", "HEAD", "OPTIONS"}:
            return self.get_response(request)
        with people_changing():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True, using="people")
        return response
