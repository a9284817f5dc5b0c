"""What a request says about the person who is signed in. For keys see `accounts.authentication.drf`."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from accounts.actor import Actor, Kind
from accounts.models import User
from cavendish.db.router import current_alias


def person_actor(request: HttpRequest, user: User) -> Actor:
    """Returns the person with the address of the request.

    Staff act as operators in the admin alone, where each act asks for what their role allows. Elsewhere they are
    members like others.
    """
    kind: Kind = "operator" if user.is_staff and current_alias() == "operator" else "person"
    return Actor(kind, user.id, user.email, get_adapter().get_client_ip(request))


def signed_in_with_two_factors(request: HttpRequest, user: User) -> bool:
    """Returns whether a code, a passkey or a recovery code was used in this session, at its beginning or since."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))
