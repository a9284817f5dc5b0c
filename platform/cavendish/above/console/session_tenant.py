"""Which tenant a session works for. Every request looks whether the person still belongs to it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.members.selectors import TenantOfPerson, tenants_of
from accounts.models import User

SESSION_KEY = "tenant_id"


def person_of(request: HttpRequest) -> User:
    """The person behind a view that only lets in who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def session_tenant(request: HttpRequest) -> TenantOfPerson | None:
    """The chosen tenant, or the only one. None where there is none, or several and no choice yet."""
    belongings = tenants_of(person_of(request))
    chosen = request.session.get(SESSION_KEY)
    for belonging in belongings:
        if belonging.tenant_id.hex == chosen:
            return belonging
    return belongings[0] if len(belongings) == 1 else None


def tenant_enter(request: HttpRequest, belonging: TenantOfPerson) -> None:
    request.session[SESSION_KEY] = belonging.tenant_id.hex
