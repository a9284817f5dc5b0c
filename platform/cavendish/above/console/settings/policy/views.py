"""The use policy: everybody reads it, owners accept it before the tenant's first live job."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.policy.selectors import policy_accepted
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.pages import acting, settings_page, shown
from cavendish.above.console.settings.policy import acts
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.audit.sentences import OPERATORS


@settings_page(None, current="policy")
def use_policy(request: HttpRequest, work: Workplace) -> HttpResponse:
    tenant = work.tenant
    with work.reading():
        events = AuditEvent.objects.filter(tenant_id=tenant.id, target_id=tenant.id.hex)
        event = events.filter(action="tenant.policy_accepted").order_by("-id").first()
    context = {
        **acts.policy_context(tenant.policy_version),
        "tenant": tenant,
        "by": event.actor_label if event is not None and event.actor_kind not in OPERATORS else "",
        "allows_live_jobs": policy_accepted(tenant.policy_version),
        "may_accept": work.may(Permission.POLICY),
    }
    return shown(request, work, "console/settings/policy/policy.html", context)


@settings_page(Permission.POLICY, current="policy")
def policy_accept(request: HttpRequest, work: Workplace) -> HttpResponse:
    initial = {"version": settings.POLICY_VERSION}
    return acting(request, work, acts.AcceptPolicy, back=reverse("console:use_policy"), initial=initial)
