"""Who may see a page of the console: members whose role has the permission that it names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.authentication.people import signed_in_with_two_factors
from accounts.members.selectors import tenants_of
from accounts.models import Role, TenantStatus, User
from accounts.roles.permissions import Permission, may
from cavendish.above.console.elsewhere import elsewhere
from cavendish.above.console.places import left_behind
from cavendish.above.console.workplace import TestModeOff, Workplace, livemode_switch, workplace_of
from cavendish.above.ui.acts import Act, act_page
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import listed
from cavendish.above.ui.scripts import is_scripted, towards

View = Callable[..., HttpResponseBase]


def console_page(permission: Permission | None = Permission.READ, *, section: str) -> Callable[[View], View]:
    """Makes a view a page of the console; it is called with the request and the Workplace.

    `permission` None is for every member. `section` is the item of the rail that is current. Whoever is not signed in
    is led to the sign-in, who has no tenant or has not chosen one, to that; who lacks the second factor that the tenant
    requires, to it; who lacks the permission gets a page that says which roles have it (403).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD", "POST"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            user = request.user
            if not isinstance(user, User) or not user.is_authenticated or not user.is_active:
                return _sign_in(request)
            work = workplace_of(request)
            if work is None:
                return _choose_tenant(request, user)
            request.section = section  # type: ignore[attr-defined]
            request.work = work  # type: ignore[attr-defined]
            if (behind := left_behind(request, work)) is not None:
                return behind
            if (instead := _second_factor(request, work)) is not None:
                return instead
            if work.tenant.status in {TenantStatus.CLOSING, TenantStatus.ERASED} and not _may_stay(request):
                return render(request, "console/closing.html", {"tenant": work.tenant}, status=403)
            if permission is not None and not work.may(permission):
                return refused(request, work, permission)
            try:
                return view(request, work, *args, **kwargs)
            except TestModeOff:
                livemode_switch(request, livemode=True)
                messages.warning(request, _("Test mode is switched off for this tenant. This is live mode."))
                return HttpResponseRedirect(reverse("console:home"))
            except Http404:
                found = elsewhere(request, work, kwargs.values()) if request.method != "POST" else None
                if found is None or is_scripted(request):
                    raise
                return found

        page.permission = permission  # type: ignore[attr-defined]
        return page

    return decorate


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Leads to the sign-in and back. What a page fetches by itself is answered with words: it would lose what is typed.

    htmx follows no redirect of its own, and comes back to the page that it stands in, not to the part that it wanted.
    """
    if not is_scripted(request):
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = f"{page.path}?{page.query}" if page.query else page.path
    address = f"{settings.LOGIN_URL}?{urlencode({'next': back if back.startswith('/console/') else '/console/'})}"
    if request.path == reverse("console:state"):
        return render(request, "console/ended.html", {"address": address})
    return towards(request, address)


def _choose_tenant(request: HttpRequest, user: User) -> HttpResponse:
    if not tenants_of(user):
        return HttpResponseRedirect(reverse("tenant_new" if settings.SIGNUP == "open" else "account_home"))
    return HttpResponseRedirect(f"{reverse('tenant_choose')}?{urlencode({'next': request.get_full_path()})}")


def _second_factor(request: HttpRequest, work: Workplace) -> HttpResponse | None:
    if not work.tenant.requires_two_factor or signed_in_with_two_factors(request, work.person):
        return None
    if is_mfa_enabled(work.person, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    text = _("%s requires two-factor authentication. Set it up first.").replace("%s", work.membership.name)
    messages.warning(request, text)
    return HttpResponseRedirect(reverse("mfa_index"))


def _may_stay(request: HttpRequest) -> bool:
    """Returns whether a page of a tenant that closes still works: what ends it, its export, the frame's."""
    return request.path.startswith((reverse("console:settings"), reverse("console:state")))


def refused(request: HttpRequest, work: Workplace, permission: Permission) -> HttpResponse:
    """Shows that the person's role lacks a permission, and which roles have it."""
    scripted = is_scripted(request)
    context = {
        "permission": permission,
        "role": label(work.membership.role_label),
        "roles": listed(label(Role(role).label) for role in Role if may(role, permission)),
        "scripted": scripted,
    }
    template = "console/refused_panel.html" if scripted else "console/refused.html"
    return render(request, template, context, status=200 if scripted else 403)


def console_act(
    request: HttpRequest, work: Workplace, act: Act, *, back: str, extra: dict[str, Any] | None = None
) -> HttpResponse:
    """Shows or does an act in the person's name."""
    return act_page(request, act, actor=work.actor, back=back, extra=extra)
