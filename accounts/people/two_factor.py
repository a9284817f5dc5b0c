"""Whether a session was opened with a second factor."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from accounts.models import User


def proved_two_factors(request: HttpRequest, user: User) -> bool:
    """A code, a passkey or a recovery code was used in this session, at its beginning or since."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))
