"""The use policy, which an owner accepts before the tenant's first live job."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.authentication.people import person_actor
from accounts.models import Tenant
from accounts.policy.selectors import policy_accepted
from accounts.policy.services import policy_accept
from accounts.roles.permissions import Permission, may
from cavendish.above.console.session_tenant import person_of, session_tenant
from cavendish.above.ui.refusals import refusal_text
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def policy_page(request: HttpRequest) -> HttpResponse:
    """Shows the policy and what was accepted. Owners accept the version that they read, which the form names."""
    membership = session_tenant(request)
    if membership is None:
        return redirect("tenant_choose")
    person = person_of(request)
    if request.method == "POST":
        try:
            policy_accept(
                tenant_id=membership.tenant_id,
                version=request.POST.get("version", ""),
                actor=person_actor(request, person),
            )
        except Problem as problem:
            messages.error(request, refusal_text(problem))
        else:
            text = _("Use policy accepted. %s can now run live jobs.")
            messages.success(request, text.replace("%s", membership.name))
        return redirect("policy")
    with tenant_context(membership.tenant_id):
        tenant = Tenant.objects.get(id=membership.tenant_id)
    context = {
        "tenant": tenant,
        "version": settings.POLICY_VERSION,
        "url": settings.POLICY_URL,
        "accepted": tenant.policy_version == settings.POLICY_VERSION,
        "allows_live_jobs": policy_accepted(tenant.policy_version),
        "may_accept": may(membership.role, Permission.POLICY),
    }
    return render(request, "console/policy.html", context)
