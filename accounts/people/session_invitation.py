"""The invitation that a visitor holds: its token waits in the session while they sign in or make an account."""

from __future__ import annotations

from django.http import HttpRequest

SESSION_KEY = "invitation"


def invitation_keep(request: HttpRequest, *, token: str, email: str) -> None:
    request.session[SESSION_KEY] = {"token": token, "email": email.lower()}


def invitation_forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def invited_email(request: HttpRequest) -> str | None:
    """The address that the invitation was sent to."""
    kept = request.session.get(SESSION_KEY)
    return kept["email"] if kept else None


def invited_token(request: HttpRequest) -> str | None:
    kept = request.session.get(SESSION_KEY)
    return kept["token"] if kept else None
