from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from accounts.selectors import tenants_of
from cavendish.console.door import person_of, session_tenant, tenant_enter


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tenant_choose(request: HttpRequest) -> HttpResponse:
    belongings = tenants_of(person_of(request))
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
        wanted = ""
    if request.method == "POST":
        chosen = next((one for one in belongings if one.slug == request.POST.get("tenant")), None)
        if chosen is None:
            raise Http404
        tenant_enter(request, chosen)
        return HttpResponseRedirect(wanted or settings.LOGIN_REDIRECT_URL)
    context = {"tenants": belongings, "current": session_tenant(request), "next": wanted}
    return render(request, "console/tenants.html", context)
