from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone

from billing.models import Plan, PlanVersion, Subscription
from billing.plans.terms import PlanTerms
from billing.prices.selectors import plan_terms


@dataclass(frozen=True)
class TermsInForce:
    """What a form about a plan's terms begins with. `version_id` goes back with it: its changes are against that."""

    terms: PlanTerms
    version_id: int | None
    since: datetime | None
    upcoming: list[PlanVersion]
    """Versions that are to begin, the next first."""


@dataclass(frozen=True)
class TermChange:
    """A field of a plan's terms as it is and as it would be."""

    name: str
    now: Any
    after: Any


@dataclass(frozen=True)
class ListedPlan:
    """A plan, its terms now, and how many tenants are on it."""

    plan: Plan
    terms: PlanVersion | None
    tenants: int


def plan_terms_in_force(plan: Plan, *, at: datetime | None = None) -> TermsInForce:
    """Returns the terms that apply at a moment, now when none is given; those of an empty plan before its first."""
    moment = at or timezone.now()
    version = plan_terms(plan, at=moment)
    return TermsInForce(
        terms=PlanTerms.of(version) if version else PlanTerms(),
        version_id=version.pk if version else None,
        since=version.effective_from if version else None,
        upcoming=list(plan.versions.filter(effective_from__gt=moment).order_by("effective_from")),
    )


def terms_changes(now: PlanTerms, after: PlanTerms) -> list[TermChange]:
    """Returns what differs, field by field."""
    return [
        TermChange(part.name, getattr(now, part.name), getattr(after, part.name))
        for part in fields(PlanTerms)
        if getattr(now, part.name) != getattr(after, part.name)
    ]


def plans_listed() -> list[ListedPlan]:
    """Returns all plans, those that can be given first, each with the number of its tenants. As the operator."""
    newest = Subscription.objects.filter(tenant_id=OuterRef("tenant_id"), starts_at__lte=timezone.now())
    current = Subscription.objects.filter(id=Subquery(newest.order_by("-starts_at").values("id")[:1]))
    counts = dict(current.values_list("plan_id").annotate(count=Count("tenant_id")))
    plans = Plan.objects.order_by("archived_at", "name")
    listed = [ListedPlan(plan, plan_terms(plan), counts.get(plan.id, 0)) for plan in plans]
    return sorted(listed, key=lambda row: (row.plan.archived_at is not None, row.plan.name))
