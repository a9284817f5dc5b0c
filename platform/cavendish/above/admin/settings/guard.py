"""Guard rules: what no tenant, or one tenant, may ask for, and whom to ask first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.tenants.finding import tenant_of
from cavendish.above.ui.guard_rules.acts import FORMS, GuardAct, act_of
from cavendish.above.ui.guard_rules.cells import buttons, columns, new_rules
from cavendish.above.ui.lists import Column, List, list_page
from cavendish.above.ui.public_ids import find_or_404, row_or_404
from cavendish.db import ids
from generations.guard.selectors import guard_rule_find
from generations.models import GuardRule, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields


def _by(rule: GuardRule) -> Any:
    return _("us") if rule.set_by_operator else _("the tenant")


def _platform_act(public_id: str, name: str) -> str:
    return reverse("admin:guard_rule_act", args=[public_id, name])


@operator_page(section="settings")
def rules(request: HttpRequest) -> HttpResponse:
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM)
    table: List[PlatformGuardRule] = List(
        title=_("Guard rules on all tenants"),
        rows=PlatformGuardRule.objects.all,
        columns=columns(acts=(lambda rule: buttons(rule, _platform_act)) if may else None),
        empty=_("A rule refuses words, sizes, prices or languages for all tenants, or asks a hook of yours first."),
    )
    new = new_rules(lambda kind: reverse("admin:guard_rule_new", args=[kind])) if may else []
    context = {"new": new, "subnav": "guard_rules"}
    return list_page(request, table, template="admin/settings/guard_rules.html", context=context)


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_new(request: HttpRequest, kind: str) -> HttpResponse:
    return _do(request, FORMS.get(kind), back=reverse("admin:guard_rules"))


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_act(request: HttpRequest, rule_id: str, act: str) -> HttpResponse:
    row = find_or_404(ids.GUARD_RULE, rule_id, lambda value: guard_rule_find(value, tenant_id=None))
    return _do(request, act_of(row, act), back=reverse("admin:guard_rules"), rule=row)


@operator_page(section="tenants")
def tenant_rules(request: HttpRequest, tenant_id: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    public = ids.encode(ids.TENANT, tenant.id)
    may = operator_can(operator_of(request), OperatorPermission.TENANTS)

    def address(rule_id: str, name: str) -> str:
        return reverse("admin:tenant_guard_rule_act", args=[public, rule_id, name])

    by: Column[Any] = Column(_("Set by"), _by, wide=True)
    table: List[GuardRule] = List(
        title=_("Guard rules"),
        rows=lambda: GuardRule.objects.filter(tenant_id=tenant.id),
        columns=columns(by, acts=(lambda rule: buttons(rule, address)) if may else None),
        empty=_("Only the rules on all tenants hold for it."),
    )
    new = new_rules(lambda kind: reverse("admin:tenant_guard_rule_new", args=[public, kind])) if may else []
    context = {"new": new, "tenant": tenant, "public_id": public}
    return list_page(request, table, template="admin/tenants/guard_rules.html", context=context)


@operator_page(OperatorPermission.TENANTS, section="tenants")
def tenant_rule_new(request: HttpRequest, tenant_id: str, kind: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    return _do(request, FORMS.get(kind), back=_tenant_back(tenant), tenant_id=tenant.id)


@operator_page(OperatorPermission.TENANTS, section="tenants")
def tenant_rule_act(request: HttpRequest, tenant_id: str, rule_id: str, act: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    row = row_or_404(ids.GUARD_RULE, rule_id, GuardRule.objects.filter(tenant_id=tenant.id))
    return _do(request, act_of(row, act), back=_tenant_back(tenant), tenant_id=tenant.id, rule=row)


def _tenant_back(tenant: Tenant) -> str:
    return reverse("admin:tenant_guard_rules", args=[ids.encode(ids.TENANT, tenant.id)])


def _do(
    request: HttpRequest,
    act_class: type[GuardAct] | None,
    *,
    back: str,
    tenant_id: UUID | None = None,
    **options: GuardRuleFields,
) -> HttpResponse:
    if act_class is None:
        raise Http404
    act = act_class(request.POST or None, **options)
    act.request, act.tenant_id, act.back = request, tenant_id, back
    return operator_act(request, act, back=back)
