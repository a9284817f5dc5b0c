"""The tenant that a session works for. Every request checks that the person is still a member."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.members.selectors import TenantOfPerson, tenants_of
from accounts.models import User

SESSION_KEY = "tenant_id"
COOKIE, COOKIE_SECONDS = "tenant", 365 * 24 * 3600
_MEMBERSHIPS = "_memberships"


def person_of(request: HttpRequest) -> User:
    """Returns the person who is signed in, in a view that requires one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def memberships_of(request: HttpRequest) -> list[TenantOfPerson]:
    """Returns the tenants of the person who is signed in, by name; one query for a request."""
    found: list[TenantOfPerson] | None = getattr(request, _MEMBERSHIPS, None)
    if found is None:
        found = tenants_of(person_of(request))
        setattr(request, _MEMBERSHIPS, found)
    return found


def session_tenant(request: HttpRequest) -> TenantOfPerson | None:
    """Returns the chosen tenant, or the only one; None without any, or with several and no choice yet.

    A new session begins in the tenant that was chosen last in this browser.
    """
    memberships = memberships_of(request)
    chosen_id = request.session.get(SESSION_KEY) or request.COOKIES.get(COOKIE)
    for membership in memberships:
        if membership.tenant_id.hex == chosen_id:
            return membership
    return memberships[0] if len(memberships) == 1 else None


def tenant_enter(request: HttpRequest, membership: TenantOfPerson) -> None:
    """Makes the session work for a tenant from now on."""
    request.session[SESSION_KEY] = membership.tenant_id.hex


def tenant_remember(response: HttpResponse, tenant_id: UUID) -> HttpResponse:
    """Keeps in the browser which tenant was chosen last. It opens nothing: every request asks for the membership."""
    response.set_cookie(
        COOKIE, tenant_id.hex, max_age=COOKIE_SECONDS, httponly=True, secure=settings.SECURE, samesite="Lax"
    )
    return response
