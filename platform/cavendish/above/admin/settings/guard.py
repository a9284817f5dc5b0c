"""Guard rules: what no tenant, or one tenant, may ask for, and whom to ask first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.settings.acts.guard import ACTS, NEW, TYPES, GuardAct
from cavendish.above.admin.tenants.finding import tenant_of
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created, in_row, unseen
from cavendish.above.ui.lists import Column, List, list_page
from cavendish.db import ids
from generations.guard.selectors import guard_rule_find
from generations.models import GuardFallback, GuardRule, GuardRuleType, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields

WORDS_SHOWN = 5


def rule_words(rule: GuardRuleFields) -> str:
    """Returns what a rule refuses, or whom it asks, as a sentence without its end."""
    match rule.type:
        case GuardRuleType.WORDS:
            listed = ", ".join(rule.words[:WORDS_SHOWN])
            more = len(rule.words) - WORDS_SHOWN
            text = gettext("refuses %s") % listed
            return text if more <= 0 else text + ngettext(" and %d more", " and %d more", more) % more
        case GuardRuleType.LIMITS:
            parts = [gettext("at most %s") % rule.max_image_size] if rule.max_image_size else []
            if rule.max_amount is not None:
                parts.append(gettext("at most %s a request") % formats.money(rule.max_amount, digits=4))
            return ", ".join(parts)
        case GuardRuleType.LANGUAGES:
            return gettext("allows %s") % ", ".join(rule.languages)
        case _:
            words = gettext("asks %s") if rule.on_error == GuardFallback.REFUSE else gettext("asks %s, else allows")
            return words % rule.url


def _state(rule: GuardRuleFields) -> Any:
    if rule.enabled:
        return formats.status("good", str(_("On")))
    return formats.status("off", str(_("Off")))


def _mode(rule: GuardRuleFields) -> Any:
    return _("both") if rule.livemode is None else formats.livemode(rule.livemode)


def _what(rule: GuardRuleFields) -> Any:
    about = format_html('<br><span class="quiet">{}</span>', rule.description) if rule.description else ""
    return format_html('<span class="wrap">{}{}</span>', rule_words(rule), about)


def _by(rule: GuardRule) -> Any:
    return _("us") if rule.set_by_operator else _("the tenant")


def columns(*more: Column[Any], acts: Callable[[GuardRuleFields], Any] | None) -> tuple[Column[Any], ...]:
    """Returns the columns of a list of rules; `acts` makes the cell of their buttons, None for who may not act."""
    shown: tuple[Column[Any], ...] = (
        Column(_("Type"), lambda rule: TYPES[GuardRuleType(rule.type)], kind="th"),
        Column(_("What it does"), _what),
        Column(_("State"), _state),
        Column(_("Mode"), _mode, wide=True),
        *more,
        Column(_("Refused"), lambda rule: formats.count(rule.refusals), kind="r", wide=True),
        Column(_("Created"), created, wide=True),
    )
    return (*shown, Column(unseen(_("Acts")), acts, kind="r")) if acts is not None else shown


def _buttons(rule: GuardRuleFields, address: Callable[[str, str], str]) -> Any:
    rotates = ["rotate"] if rule.type == GuardRuleType.HOOK else []
    offered = ["off" if rule.enabled else "on", *rotates, "delete"]
    public_id = ids.encode(ids.GUARD_RULE, rule.id)
    of = TYPES[GuardRuleType(rule.type)]
    return in_row(
        {"address": address(public_id, name), "word": ACTS[name].word, "of": of, "dialog": True, "small": True}
        for name in offered
    )


def _new(address: Callable[[str], str]) -> list[tuple[str, Any]]:
    return [(address(kind), TYPES[act.kind]) for kind, act in NEW.items()]


def _platform_act(public_id: str, name: str) -> str:
    return reverse("admin:guard_rule_act", args=[public_id, name])


@operator_page(section="settings")
def rules(request: HttpRequest) -> HttpResponse:
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM)
    table: List[PlatformGuardRule] = List(
        title=_("Guard rules on all tenants"),
        rows=PlatformGuardRule.objects.all,
        columns=columns(acts=(lambda rule: _buttons(rule, _platform_act)) if may else None),
        empty=_("A rule refuses words, sizes, prices or languages for all tenants, or asks a hook of yours first."),
    )
    new = _new(lambda kind: reverse("admin:guard_rule_new", args=[kind])) if may else []
    context = {"new": new, "subnav": "guard_rules"}
    return list_page(request, table, template="admin/settings/guard_rules.html", context=context)


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_new(request: HttpRequest, kind: str) -> HttpResponse:
    return _do(request, NEW.get(kind), back=reverse("admin:guard_rules"))


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_act(request: HttpRequest, rule_id: str, act: str) -> HttpResponse:
    row = guard_rule_find(_id_of(rule_id), tenant_id=None)
    return _do(request, ACTS.get(act), back=reverse("admin:guard_rules"), rule=_there(row))


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
        columns=columns(by, acts=(lambda rule: _buttons(rule, address)) if may else None),
        empty=_("Only the rules on all tenants hold for it."),
    )
    new = _new(lambda kind: reverse("admin:tenant_guard_rule_new", args=[public, kind])) if may else []
    context = {"new": new, "tenant": tenant, "public_id": public}
    return list_page(request, table, template="admin/tenants/guard_rules.html", context=context)


@operator_page(OperatorPermission.TENANTS, section="tenants")
def tenant_rule_new(request: HttpRequest, tenant_id: str, kind: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    return _do(request, NEW.get(kind), back=_tenant_back(tenant), tenant_id=tenant.id)


@operator_page(OperatorPermission.TENANTS, section="tenants")
def tenant_rule_act(request: HttpRequest, tenant_id: str, rule_id: str, act: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    row = GuardRule.objects.filter(tenant_id=tenant.id, id=_id_of(rule_id)).first()
    return _do(request, ACTS.get(act), back=_tenant_back(tenant), tenant_id=tenant.id, rule=_there(row))


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


def _id_of(text: str) -> UUID:
    value = ids.decode(ids.GUARD_RULE, text)
    if value is None:
        raise Http404
    return value


def _there(row: GuardRuleFields | None) -> GuardRuleFields:
    if row is None:
        raise Http404
    return row
