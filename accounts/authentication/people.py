"""Who acts when a person is signed in. For keys see `accounts.authentication.drf.actor`."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from accounts.actor import Actor, Kind
from accounts.models import User


def person_actor(request: HttpRequest, user: User) -> Actor:
    """Returns the person with the address of the request. Staff act as operators, also outside the admin."""
    kind: Kind = "operator" if user.is_staff else "person"
    return Actor(kind, user.id, user.email, get_adapter().get_client_ip(request))
