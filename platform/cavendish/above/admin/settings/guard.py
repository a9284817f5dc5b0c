"""The platform's guard rules: what no tenant may ask for, and whom to ask first."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.links import created, in_row, unseen
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.settings.acts.guard import ACTS, NEW, TYPES
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, List, list_page
from cavendish.db import ids
from generations.models import GuardFallback, GuardRuleType, PlatformGuardRule
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


def _state(rule: PlatformGuardRule) -> Any:
    if rule.enabled:
        return formats.status("good", str(_("On")))
    return formats.status("off", str(_("Off")))


def _mode(rule: PlatformGuardRule) -> Any:
    return _("both") if rule.livemode is None else formats.livemode(rule.livemode)


def _what(rule: PlatformGuardRule) -> Any:
    about = format_html('<br><span class="quiet">{}</span>', rule.description) if rule.description else ""
    return format_html('<span class="wrap">{}{}</span>', rule_words(rule), about)


RULES = (
    Column[PlatformGuardRule](_("Type"), lambda rule: TYPES[GuardRuleType(rule.type)], kind="th"),
    Column[PlatformGuardRule](_("What it does"), _what),
    Column[PlatformGuardRule](_("State"), _state),
    Column[PlatformGuardRule](_("Mode"), _mode, wide=True),
    Column[PlatformGuardRule](_("Refused"), lambda rule: formats.count(rule.refusals), kind="r", wide=True),
    Column[PlatformGuardRule](_("Created"), created, wide=True),
)


def _acts(rule: PlatformGuardRule) -> Any:
    rotates = ["rotate"] if rule.type == GuardRuleType.HOOK else []
    offered = ["off" if rule.enabled else "on", *rotates, "delete"]
    public_id = ids.encode(ids.GUARD_RULE, rule.id)
    buttons = (
        {
            "address": reverse("admin:guard_rule_act", args=[public_id, name]), "word": ACTS[name].word,
            "of": TYPES[GuardRuleType(rule.type)], "dialog": True, "small": True,
        }
        for name in offered
    )  # fmt: skip
    return in_row(buttons)


ACTIONS: Column[PlatformGuardRule] = Column(unseen(_("Acts")), _acts, kind="r")


@operator_page(section="settings")
def rules(request: HttpRequest) -> HttpResponse:
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM)
    table: List[PlatformGuardRule] = List(
        title=_("Guard rules on all tenants"),
        rows=PlatformGuardRule.objects.all,
        columns=(*RULES, ACTIONS) if may else RULES,
        empty=_("A rule refuses words, sizes, prices or languages for all tenants, or asks a hook of yours first."),
    )
    new = [(reverse("admin:guard_rule_new", args=[kind]), TYPES[act.kind]) for kind, act in NEW.items()] if may else []
    context = {"new": new, "subnav": "guard_rules"}
    return list_page(request, table, template="admin/settings/guard_rules.html", context=context)


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_new(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in NEW:
        raise Http404
    act = NEW[kind](request.POST or None)
    act.request = request
    return operator_act(request, act, back=reverse("admin:guard_rules"))


@operator_page(OperatorPermission.PLATFORM, section="settings")
def rule_act(request: HttpRequest, rule_id: str, act: str) -> HttpResponse:
    value = ids.decode(ids.GUARD_RULE, rule_id)
    row = PlatformGuardRule.objects.filter(id=value).first() if value else None
    if row is None or act not in ACTS:
        raise Http404
    form = ACTS[act](request.POST or None, rule=row)
    form.request = request
    return operator_act(request, form, back=reverse("admin:guard_rules"))
