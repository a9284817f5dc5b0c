"""The account's home page."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cavendish.above.console.session_tenant import memberships_of, person_of, session_tenant


@require_safe
@login_required
def account_home(request: HttpRequest) -> HttpResponse:
    """Shows the person's tenants, and their sign-in and security settings."""
    user = person_of(request)
    factors = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "tenants": memberships_of(request),
        "current": session_tenant(request),
        "may_create": settings.SIGNUP == "open",
        "has_totp": Authenticator.Type.TOTP in factors,
        "passkeys": factors.count(Authenticator.Type.WEBAUTHN),
        "has_codes": Authenticator.Type.RECOVERY_CODES in factors,
        "sessions": UserSession.objects.filter(user=user).count(),
        "linked": SocialAccount.objects.filter(user=user).exists(),
    }
    return render(request, "console/home.html", context)
