"""General settings, and the origins of browsers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.billing_port import billing
from accounts.models import Tenant
from accounts.roles.permissions import Permission
from accounts.tenants.selectors import tenant_details
from cavendish.above.console.pages import View
from cavendish.above.console.settings.general import acts
from cavendish.above.console.settings.pages import acting, settings_page, shown
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.formats import count, size
from cavendish.above.ui.marks import listed
from cavendish.db import ids


@settings_page(Permission.READ, current="general")
def general(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        tenant = Tenant.objects.get(id=work.tenant_id)
        detail = tenant_details([tenant])[0]
        plan = dict(billing().plans()).get(detail.terms.plan or "", detail.terms.plan or "–")
    today = detail.today
    context = {
        "tenant": tenant,
        "plan": plan,
        "currency": detail.terms.currency or "",
        "public_id": ids.encode(ids.TENANT, tenant.id),
        "may_change": work.may(Permission.SETTINGS),
        "limits": limits_of(tenant),
        "test_requests": count(today.requests if today else 0),
        "test_bytes": size(today.bytes if today else 0),
    }
    return shown(request, work, "console/settings/general/general.html", context)


def limits_of(tenant: Tenant) -> list[tuple[str, str, str]]:
    """Returns each limit as it is in force: its name, its value, and what it means."""
    none = _("no limit")

    def number(own: int | None, default: int | None) -> str:
        value = default if own is None else own
        return count(value) if value else none

    return [
        (_("Jobs at once"), count(tenant.concurrency_limit), _("Further jobs wait in the queue.")),
        (_("Jobs waiting"), count(tenant.queue_limit), _("Further jobs are refused until some have started.")),
        (
            _("Requests a minute"),
            number(tenant.requests_per_minute, settings.REQUESTS_PER_MINUTE),
            _("All keys of a mode together."),
        ),
        (
            _("Pictures a minute"),
            number(tenant.images_per_minute, settings.IMAGES_PER_MINUTE),
            _("All keys of a mode together."),
        ),
        (_("Models"), listed(map(model_name, tenant.allowed_models or [])) or _("all"), ""),
        (_("Sizes"), listed(tenant.allowed_sizes or []) or _("all"), ""),
        (_("Test requests a day"), number(tenant.test_daily_requests, None), _("Days in UTC.")),
        (
            _("Test storage a day"),
            size(tenant.test_daily_bytes) if tenant.test_daily_bytes else none,
            _("Days in UTC."),
        ),
    ]


@settings_page(Permission.READ, current="origins")
def origins(request: HttpRequest, work: Workplace) -> HttpResponse:
    context = {"tenant": work.tenant, "may_change": work.may(Permission.SETTINGS)}
    return shown(request, work, "console/settings/general/origins.html", context)


def _act(act_class: type[acts.TenantAct], *, current: str, back: str) -> View:
    @settings_page(Permission.SETTINGS, current=current)
    def view(request: HttpRequest, work: Workplace) -> HttpResponse:
        return acting(request, work, act_class, back=reverse(f"console:{back}"), tenant=work.tenant)

    return view


rename = _act(acts.Rename, current="general", back="general")
test_keys_off = _act(acts.TestKeysOff, current="general", back="general")
test_keys_on = _act(acts.TestKeysOn, current="general", back="general")
script_origins = _act(acts.ScriptOrigins, current="origins", back="origins")
frame_origins = _act(acts.FrameOrigins, current="origins", back="origins")
