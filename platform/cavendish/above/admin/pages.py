"""Who may see a page: operators with the permission that it names, with two factors where they are required."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.authentication.people import person_actor, signed_in_with_two_factors
from accounts.models import User
from accounts.roles.operators import OperatorPermission, operator_can, roles_with
from cavendish.above.ui.acts import Act, act_page
from cavendish.above.ui.marks import listed
from cavendish.above.ui.scripts import is_scripted

View = Callable[..., HttpResponse]


def operator_page(
    permission: OperatorPermission = OperatorPermission.VIEW, *, section: str = ""
) -> Callable[[View], View]:
    """Makes a view a page of the admin. `section` is the item of the rail that is current.

    Whoever is not signed in is led to the sign-in; who lacks a second factor, to it; who lacks the permission gets a
    page that says which one and who could give it (403).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in {"GET", "HEAD", "POST"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            if (elsewhere := _next_step(request)) is not None:
                return elsewhere
            request.section = section  # type: ignore[attr-defined]
            if not operator_can(operator_of(request), permission):
                return refused(request, permission)
            return view(request, *args, **kwargs)

        return page

    return decorate


def _next_step(request: HttpRequest) -> HttpResponse | None:
    user = request.user
    if not isinstance(user, User) or not user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if not user.is_active or not user.is_staff:
        return render(request, "403.html", status=403)
    if not settings.ADMIN_REQUIRE_2FA or signed_in_with_two_factors(request, user):
        return None
    if is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    messages.warning(request, _("The admin requires two-factor authentication. Set it up first."))
    return HttpResponseRedirect(reverse("mfa_index"))


def operator_of(request: HttpRequest) -> User:
    """Returns the operator whose page this is."""
    assert isinstance(request.user, User)
    return request.user


def operator_actor(request: HttpRequest) -> Actor:
    """Returns the operator for the audit: who and from where."""
    return person_actor(request, operator_of(request))


def refused(request: HttpRequest, permission: OperatorPermission) -> HttpResponse:
    """Shows that the operator's role lacks a permission, and which roles have it."""
    scripted = is_scripted(request)
    context = {
        "permission": permission,
        "role": operator_of(request).operator_role,
        "roles": listed(roles_with(permission)),
        "scripted": scripted,
    }
    template = "admin/refused_panel.html" if scripted else "admin/refused.html"
    return render(request, template, context, status=200 if scripted else 403)


def operator_act(request: HttpRequest, act: Act, *, back: str, extra: dict[str, Any] | None = None) -> HttpResponse:
    """Shows or does an act in the operator's name."""
    return act_page(request, act, actor=operator_actor(request), back=back, extra=extra)
