"""The template context that every page of the console and of people's accounts has."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from accounts.models import User
from billing.providers import provider_name
from cavendish.above.console.navigation import items_for
from cavendish.above.console.session_tenant import memberships_of
from cavendish.above.console.workplace import Workplace, workplace_of

ACCOUNT = "/account/"


def console(request: HttpRequest) -> dict[str, Any]:
    """Returns what the frame of every page needs."""
    context = {
        "oidc_name": settings.OIDC.name if settings.OIDC else "",
        "signup_open": settings.SIGNUP == "open",
        # Browsers bind passkeys to host names: a bare address has none.
        "passkeys_possible": _is_name(_host(request)),
    }
    user = getattr(request, "user", None)
    work = getattr(request, "work", None)
    if work is None and request.path.startswith(ACCOUNT) and isinstance(user, User) and user.is_authenticated:
        # A page of the account stands in the frame of the tenant that is chosen; without one in an empty frame.
        context |= _frame(request, user)
        work = workplace_of(request)
    if isinstance(work, Workplace):
        context |= {
            **_frame(request, work.person),
            "frame": "console/frame.html",
            "work": work,
            "items": items_for(work.role),
            "section": getattr(request, "section", ""),
            "provider_set": bool(provider_name()),
        }
    return context


def _frame(request: HttpRequest, person: User) -> dict[str, Any]:
    return {"person": person.name or person.email, "tenants": memberships_of(request)}


def _host(request: HttpRequest) -> str:
    """Returns the host without its port; empty for a host that is refused, whose page has a frame too."""
    try:
        return request.get_host().partition(":")[0]
    except DisallowedHost:
        return ""


def _is_name(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False
