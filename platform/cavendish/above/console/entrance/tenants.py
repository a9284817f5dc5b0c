"""Choosing a tenant for the session, and opening one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.authentication.people import person_actor
from accounts.errors import SignUpClosed
from accounts.tenants.services import tenant_sign_up
from cavendish.above.console.entrance.forms import TenantForm
from cavendish.above.console.navigation import items_for
from cavendish.above.console.session_tenant import (
    SESSION_KEY,
    memberships_of,
    person_of,
    session_tenant,
    tenant_enter,
    tenant_remember,
)
from cavendish.above.ui.refusals import refusal_text


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tenant_choose(request: HttpRequest) -> HttpResponse:
    """Lists the person's tenants; a POST chooses one for the session and goes on to `next`.

    With `from`, the page where the switcher was used, it goes on to the page of that kind in the chosen tenant.
    """
    memberships = memberships_of(request)
    next_url = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}):
        next_url = ""
    if request.method == "POST":
        chosen = next((row for row in memberships if row.slug == request.POST.get("tenant")), None)
        if chosen is None:
            raise Http404
        tenant_enter(request, chosen)
        next_url = next_url or _same_kind(request.POST.get("from", ""), chosen.role)
        onward = HttpResponseRedirect(next_url or settings.LOGIN_REDIRECT_URL)
        return tenant_remember(onward, chosen.tenant_id)
    context = {"tenants": memberships, "current": session_tenant(request), "next": next_url}
    return render(request, "console/tenants.html", context)


def _same_kind(path: str, role: str) -> str:
    """Returns the item of the rail below which a page is: what is on it belongs to one tenant, its kind to all.

    Empty for a page of another kind, and for one that the role has not.
    """
    return next((item.address for item in items_for(role) if path.startswith(item.address)), "")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tenant_new(request: HttpRequest) -> HttpResponse:
    """Opens a tenant for the person where SIGNUP is open; otherwise 404."""
    if settings.SIGNUP != "open":
        raise Http404
    form = TenantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = person_of(request)
        try:
            tenant = tenant_sign_up(user=person, name=form.cleaned_data["name"], actor=person_actor(request, person))
        except SignUpClosed as refusal:
            form.add_error(None, refusal_text(refusal))
        else:
            request.session[SESSION_KEY] = tenant.id.hex
            messages.success(request, _("%s was created.").replace("%s", tenant.name))
            return tenant_remember(redirect("console:home"), tenant.id)
    context = {"form": form, "first": not memberships_of(request)}
    return render(request, "console/tenant_new.html", context, status=422 if form.errors else 200)
