"""The settings in force, the roles of operators, and who has accepted the use policy."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import OperatorRole, Tenant, TenantStatus
from accounts.policy.selectors import policy_accepted
from accounts.roles.operators import OPERATOR_MEANINGS, OperatorPermission, operator_can, operator_may
from cavendish.above.admin.links import address_of
from cavendish.above.admin.pages import operator_of, operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import in_row, unseen
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, Filter, List, list_page
from cavendish.boot.settings_in_force import SettingInForce, Source, settings_in_force
from cavendish.db import ids

SOURCES = {
    Source.ENVIRONMENT: _("environment"),
    Source.FILE: _("file"),
    Source.CONNECTION_FILE: _("connection file"),
    Source.DEFAULT: _("default"),
}


@operator_page(section="settings")
def settings_page(request: HttpRequest) -> HttpResponse:
    text, changed = request.GET.get("q", "").strip()[:100], request.GET.get("changed") == "yes"
    found = [each for each in settings_in_force() if _matches(each, text)]
    shown = [each for each in found if not changed or each.source != Source.DEFAULT]
    context = {
        "sections": [(name, [(each, SOURCES[each.source]) for each in rows]) for name, rows in _by_section(shown)],
        "count": len(shown),
        "given": sum(each.source != Source.DEFAULT for each in found),
        "text": text,
        "changed": changed,
        "subnav": "settings",
    }
    return render(request, "admin/settings/settings.html", context)


def _matches(setting: SettingInForce, text: str) -> bool:
    wanted = text.lower()
    return any(wanted in field.lower() for field in (setting.name, setting.section, setting.about, setting.value))


def _by_section(rows: list[SettingInForce]) -> list[tuple[str, list[SettingInForce]]]:
    return [(name, list(group)) for name, group in groupby(rows, key=lambda each: each.section)]


@operator_page(section="settings")
def roles(request: HttpRequest) -> HttpResponse:
    table = [
        (
            permission,
            label(OPERATOR_MEANINGS[permission]),
            [operator_may(role, permission) for role in OperatorRole.values],
        )
        for permission in OperatorPermission
    ]
    context = {
        "table": table,
        "roles": [label(role.label) for role in OperatorRole],
        "own": label(operator_of(request).get_operator_role_display()),
        "subnav": "roles",
    }
    return render(request, "admin/settings/roles.html", context)


def _by_acceptance(rows: QuerySet[Tenant], value: str) -> QuerySet[Tenant]:
    match value:
        case "current":
            return rows.filter(policy_version=settings.POLICY_VERSION)
        case "older":
            return rows.exclude(policy_version__in=["", settings.POLICY_VERSION])
        case _:
            return rows.filter(policy_version="")


def _accepted(tenant: Tenant) -> Any:
    if not tenant.policy_version:
        return formats.status("bad", str(_("Never")))
    tone = "good" if tenant.policy_version == settings.POLICY_VERSION else "waiting"
    return formats.status(tone, tenant.policy_version)


def _live_jobs(tenant: Tenant) -> Any:
    if policy_accepted(tenant.policy_version):
        return _("run")
    return format_html('<b class="bad">{}</b>', str(_("refused")))


def _accept(tenant: Tenant) -> Any:
    if tenant.policy_version == settings.POLICY_VERSION:
        return ""
    address = reverse("admin:tenant_act", args=[ids.encode(ids.TENANT, tenant.id), "accept-policy"])
    return in_row([{"address": address, "word": _("Accept policy"), "of": tenant.name, "dialog": True, "small": True}])


POLICY = (
    Column[Tenant](
        _("Tenant"),
        lambda tenant: format_html('<a href="{}">{}</a>', address_of(ids.TENANT, tenant.id), tenant.name),
        kind="th",
    ),
    Column[Tenant](pgettext_lazy("use policy", "Accepted"), _accepted),
    Column[Tenant](
        _("When"),
        lambda tenant: formats.moment(tenant.policy_accepted_at) if tenant.policy_accepted_at else "–",
        wide=True,
    ),
    Column[Tenant](_("Live jobs"), _live_jobs),
)
ACCEPT: Column[Tenant] = Column(unseen(_("Act")), _accept, kind="r")


def _open() -> QuerySet[Tenant]:
    rows: QuerySet[Tenant] = Tenant.objects.filter(status__in=[TenantStatus.ACTIVE, TenantStatus.SUSPENDED])
    return rows


@operator_page(section="settings")
def policy(request: HttpRequest) -> HttpResponse:
    table: List[Tenant] = List(
        title=_("Use policy"),
        rows=_open,
        columns=(*POLICY, ACCEPT) if operator_can(operator_of(request), OperatorPermission.TENANTS) else POLICY,
        filters=(
            Filter(
                "accepted", pgettext_lazy("use policy", "Accepted"), _by_acceptance,
                choices=(("current", _("This version")), ("older", _("An older one")), ("never", _("Never"))),
            ),
        ),
    )  # fmt: skip
    context = {
        "version": settings.POLICY_VERSION,
        "grace": settings.POLICY_GRACE_UNTIL,
        "missing": _open().exclude(policy_version=settings.POLICY_VERSION).count(),
        "all": _open().count(),
        "subnav": "policy",
    }
    return list_page(request, table, template="admin/settings/policy.html", context=context)
