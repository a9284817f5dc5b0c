"""Security: second factors, sessions, and leaving."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.members.selectors import SECOND_FACTORS, members_listed
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.pages import acting, settings_page, shown
from cavendish.above.console.settings.security import acts
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids


@settings_page(None, current="security")
def security(request: HttpRequest, work: Workplace) -> HttpResponse:
    factors = list(Authenticator.objects.filter(user=work.person).values_list("type", flat=True))
    context = {
        "tenant": work.tenant,
        "apps": factors.count(Authenticator.Type.TOTP),
        "passkeys": factors.count(Authenticator.Type.WEBAUTHN),
        "has_codes": Authenticator.Type.RECOVERY_CODES in factors,
        "has_factor": bool(set(factors) & set(SECOND_FACTORS)),
        "sessions": UserSession.objects.filter(user=work.person).count(),
        "without": _without(work) if work.may(Permission.MEMBERS) else None,
        "may_change": work.may(Permission.SETTINGS),
        "may_see_members": work.may(Permission.MEMBERS),
        "own_id": ids.encode(ids.USER, work.person.id),
    }
    return shown(request, work, "console/settings/security/security.html", context)


@settings_page(Permission.SETTINGS, current="security")
def two_factor_require(request: HttpRequest, work: Workplace) -> HttpResponse:
    back = reverse("console:security")
    return acting(request, work, acts.RequireTwoFactor, back=back, tenant=work.tenant, without=_without(work))


@settings_page(Permission.SETTINGS, current="security")
def two_factor_allow(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.AllowOneFactor, back=reverse("console:security"), tenant=work.tenant)


def _without(work: Workplace) -> list[str]:
    """Returns the members without a second factor, by name."""
    with work.reading():
        rows = members_listed(work.tenant_id).filter(has_two_factors=False).order_by("user__email")
        return [row.user.name or row.user.email for row in rows]
