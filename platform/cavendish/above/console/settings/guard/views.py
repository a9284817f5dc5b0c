"""Guard rules of the tenant, and those that the operator has set for it or for all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import ApiKey
from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_act
from cavendish.above.console.settings.pages import FRAME, frame, listed, settings_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import key_name, unseen
from cavendish.above.ui.guard_rules.acts import FORMS, TYPES, GuardAct, RuleForm, act_of
from cavendish.above.ui.guard_rules.cells import buttons, mode, new_rules, state, what
from cavendish.above.ui.lists import Column, List
from cavendish.above.ui.marks import facts
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids
from generations.guard.selectors import guard_rules
from generations.models import GuardRule, GuardRuleType

page = settings_page(Permission.SETTINGS, current="guard")


@page
def rules(request: HttpRequest, work: Workplace) -> HttpResponse:
    with work.reading():
        theirs = [
            rule for rule in guard_rules(work.tenant_id) if not isinstance(rule, GuardRule) or rule.set_by_operator
        ]
        names = dict(ApiKey.objects.filter(tenant_id=work.tenant_id).values_list("id", "name")[:1000])

    def address(public: str, name: str) -> str:
        return reverse("console:guard_rule_act", args=[public, name])

    table: List[GuardRule] = List(
        title=_("Guard rules"),
        rows=lambda: GuardRule.objects.filter(tenant_id=work.tenant_id, set_by_operator=False),
        columns=(
            Column(_("Type"), lambda rule: TYPES[GuardRuleType(rule.type)], kind="th"),
            Column(_("What it does"), what),
            Column(pgettext("guard rule", "For"), lambda rule: _scope(rule, names), wide=True),
            Column(_("State"), state),
            Column(_("Refused"), lambda rule: formats.count(rule.refusals), kind="r", wide=True),
            Column(unseen(gettext_lazy("Acts")), lambda rule: buttons(rule, address), kind="r"),
        ),
        empty=_("A rule refuses words, sizes, prices or languages, or asks a hook of yours before each request."),
    )
    shown = [
        (TYPES[GuardRuleType(rule.type)], what(rule, full=False), state(rule), mode(rule))
        for rule in theirs if rule.enabled
    ]  # fmt: skip
    return listed(
        request,
        work,
        table,
        template="console/settings/guard/rules.html",
        new=new_rules(lambda kind: reverse("console:guard_rule_new", args=[kind])),
        lead=_("What no request may ask for. A rule applies from the next request on."),
        theirs=shown,
    )


def _scope(rule: GuardRule, names: dict[UUID, str]) -> str:
    """Returns whose requests a rule is for: "All requests", "Live, key storefront"."""
    texts = [] if rule.livemode is None else [_("Live") if rule.livemode else _("Test")]
    if rule.api_key_id is not None:
        texts.append(_("key %s") % names.get(rule.api_key_id, "?"))
    return facts(*texts) or _("All requests")


@page
def rule_new(request: HttpRequest, work: Workplace, kind: str) -> HttpResponse:
    return _do(request, work, FORMS.get(kind))


@page
def rule_act(request: HttpRequest, work: Workplace, rule_id: str, act: str) -> HttpResponse:
    with work.reading():
        rows = GuardRule.objects.filter(tenant_id=work.tenant_id, set_by_operator=False)
        row: GuardRule = row_or_404(ids.GUARD_RULE, rule_id, rows)
    return _do(request, work, act_of(row, act), rule=row)


def _do(request: HttpRequest, work: Workplace, act_class: type[GuardAct] | None, **options: Any) -> HttpResponse:
    if act_class is None:
        raise Http404
    if issubclass(act_class, RuleForm):
        options |= {"keys": _keys(work), "own": True}
    act = act_class(request.POST or None, **options)
    back = reverse("console:guard_rules")
    act.request, act.tenant_id, act.back, act.frame = request, work.tenant_id, back, FRAME
    return console_act(request, work, act, back=back, extra=frame(request, work))


def _keys(work: Workplace) -> list[tuple[str, str]]:
    with work.reading():
        rows = ApiKey.objects.filter(tenant_id=work.tenant_id, revoked_at=None).order_by("name")[:1000]
        return [(ids.encode(ids.API_KEY, row.id), key_name(row)) for row in rows]
