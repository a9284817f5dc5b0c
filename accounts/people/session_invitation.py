"""The invitation of a visitor, kept in the session while they sign in or sign up."""

from __future__ import annotations

from django.http import HttpRequest

SESSION_KEY = "invitation"


def invitation_keep(request: HttpRequest, *, token: str, email: str) -> None:
    """Keeps an invitation's token in the session, and the address that was invited."""
    request.session[SESSION_KEY] = {"token": token, "email": email.lower()}


def invitation_forget(request: HttpRequest) -> None:
    """Removes the invitation from the session."""
    request.session.pop(SESSION_KEY, None)


def invited_email(request: HttpRequest) -> str | None:
    """Returns the address that the session's invitation was sent to, in lower case, or None without an invitation."""
    invitation = request.session.get(SESSION_KEY)
    return invitation["email"] if invitation else None
