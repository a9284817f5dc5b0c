"""Data: how long it is kept, and how much is stored."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import View
from cavendish.above.console.settings.data import acts
from cavendish.above.console.settings.data.selectors import storage_quota, storage_used, stored_kinds
from cavendish.above.console.settings.pages import acting, settings_page, shown
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.scripts import is_scripted

NEARLY_FULL = 0.9


@settings_page(Permission.READ, current="data")
def data(request: HttpRequest, work: Workplace) -> HttpResponse:
    tenant = work.tenant
    with work.reading():
        used = storage_used(tenant)
    quota = storage_quota(tenant)
    share = min(used / quota, 1.0) if quota else None
    context = {
        "tenant": tenant,
        "used": used,
        "quota": quota,
        "share": share,
        "nearly_full": share is not None and share >= NEARLY_FULL,
        "outputs_kept": acts.kept(tenant.output_retention_days),
        "inputs_kept": acts.kept(tenant.input_retention_days),
        "may_change": work.may(Permission.SETTINGS),
    }
    return shown(request, work, "console/settings/data/data.html", context)


@settings_page(Permission.READ, current="data")
def storage_kinds(request: HttpRequest, work: Workplace) -> HttpResponse:
    """What is stored by kind, which takes a moment: its own address, asked for by the page."""
    with work.reading():
        kinds = stored_kinds(work.tenant)
    scripted = is_scripted(request)
    template = "console/settings/data/kinds.html" if scripted else "console/settings/data/kinds_page.html"
    return shown(request, work, template, {"kinds": kinds})


def _act(act_class: type[acts.RetentionAct]) -> View:
    @settings_page(Permission.SETTINGS, current="data")
    def view(request: HttpRequest, work: Workplace) -> HttpResponse:
        return acting(request, work, act_class, back=reverse("console:data"), tenant=work.tenant)

    return view


keep_outputs = _act(acts.KeepOutputs)
keep_inputs = _act(acts.KeepInputs)
