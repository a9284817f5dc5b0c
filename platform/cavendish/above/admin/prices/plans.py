"""The list of plans, a plan's page, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission
from billing.models import Plan, PlanVersion
from billing.plans.selectors import plans_listed
from billing.plans.terms import PlanTerms
from billing.prices.selectors import price_versions
from billing.subscriptions.selectors import tenant_plans
from cavendish.above.admin.pages import operator_act, operator_page
from cavendish.above.admin.prices.acts.plans import PLAN_ACTS, TERM_NAMES, NewPlan, term_text
from cavendish.above.admin.prices.views import may_price
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids

MOST_TENANTS = 50
MOST_PRICES = 20


@operator_page(section="prices")
def plans(request: HttpRequest) -> HttpResponse:
    action = {"address": reverse("admin:plan_new"), "word": _("New plan"), "main": True, "dialog": True}
    rows = [(ids.encode(ids.PLAN, row.plan.id), row, _terms(row.terms)) for row in plans_listed()]
    context = {"rows": rows, "here": "plans", "actions": [action] if may_price(request) else []}
    return render(request, "admin/prices/plans.html", context)


def _terms(version: PlanVersion | None) -> dict[str, str]:
    terms = PlanTerms.of(version) if version else PlanTerms()
    return {name: term_text(name, getattr(terms, name)) for name in TERM_NAMES}


@operator_page(OperatorPermission.PRICES, section="prices")
def plan_new(request: HttpRequest) -> HttpResponse:
    return operator_act(request, NewPlan(request.POST or None), back=reverse("admin:plans"))


@operator_page(section="prices")
def plan(request: HttpRequest, plan_id: str) -> HttpResponse:
    found = _plan_of(plan_id)
    now = timezone.now()
    versions = list(found.versions.order_by("-effective_from")[:100])
    in_force = next((version for version in versions if version.effective_from <= now), None)
    tenants = tenant_plans(plan_id=found.id, limit=MOST_TENANTS)
    count = next(row.tenants for row in plans_listed() if row.plan == found)
    context = {
        "plan": found,
        "public_id": plan_id,
        "in_force": in_force,
        "terms": [(TERM_NAMES[name], text) for name, text in _terms(in_force).items()],
        "versions": [
            (version, version.effective_from > now, version == in_force, _changes(version, before))
            for version, before in zip(versions, [*versions[1:], None], strict=True)
        ],
        "tenants": tenants,
        "tenant_count": count,
        "more": count - len(tenants),
        "own_prices": price_versions(plan=found, limit=MOST_PRICES),
        "may": may_price(request),
        "here": "plans",
    }
    return render(request, "admin/prices/plan.html", context)


def _changes(version: PlanVersion, before: PlanVersion | None) -> list[tuple[Any, str, str]]:
    """Returns name, before and after of what a version changed; of the first one what it says."""
    now, then = _terms(version), _terms(before)
    return [
        (TERM_NAMES[name], then[name] if before else "", now[name])
        for name in TERM_NAMES
        if before is None or now[name] != then[name]
    ]


@operator_page(OperatorPermission.PRICES, section="prices")
def plan_act(request: HttpRequest, plan_id: str, act: str) -> HttpResponse:
    if act not in PLAN_ACTS:
        raise Http404
    form = PLAN_ACTS[act](request.POST or None, plan=_plan_of(plan_id))
    return operator_act(request, form, back=reverse("admin:plan", args=[plan_id]))


def _plan_of(plan_id: str) -> Plan:
    found: Plan = row_or_404(ids.PLAN, plan_id, Plan.objects.all())
    return found
