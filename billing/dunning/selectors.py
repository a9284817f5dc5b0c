"""Reads of what is overdue, and of the steps that are due and not taken yet. As the operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Tenant
from billing.invoices.services import FURTHEST_AHEAD
from billing.models import BillingProfile, DunningStep, Invoice, Plan, Subscription
from billing.plans.dunning import Dunning
from billing.prices.selectors import plan_terms


@dataclass(frozen=True)
class Overdue:
    """An issued invoice whose last day to pay is over. `days` are counted from the due date, in its time zone."""

    invoice_id: UUID
    tenant_id: UUID
    days: int


@dataclass(frozen=True)
class DueStep:
    overdue: Overdue
    kind: DunningStep.Kind
    days: int


def overdue_invoices(now: datetime, *, tenant_id: UUID | None = None) -> list[Overdue]:
    """Returns what is overdue at `now`, the oldest first; of one tenant, or of all."""
    rows = Invoice.objects.filter(status=Invoice.Status.FINALISED, due_on__lt=(now + FURTHEST_AHEAD).date())
    if tenant_id is not None:
        rows = rows.filter(tenant_id=tenant_id)
    found = []
    for invoice_id, tenant, due_on, zone in rows.order_by("due_on", "id").values_list(
        "id", "tenant_id", "due_on", "timezone"
    ):
        days = (now.astimezone(ZoneInfo(zone)).date() - due_on).days
        if days > 0:
            found.append(Overdue(invoice_id, tenant, days))
    return found


def dunning_of(tenant_ids: Iterable[UUID], now: datetime) -> dict[UUID, Dunning]:
    """Returns what the plans of these tenants say at `now`."""
    rows = Subscription.objects.filter(tenant_id__in=set(tenant_ids), starts_at__lte=now)
    plans: dict[UUID, UUID] = dict(rows.order_by("starts_at").values_list("tenant_id", "plan_id"))
    terms = {plan.id: plan_terms(plan, at=now) for plan in Plan.objects.filter(id__in=set(plans.values()))}
    return {tenant: Dunning.of(version.dunning) for tenant, plan in plans.items() if (version := terms[plan])}


def paused_of(overdue: Iterable[Overdue], now: datetime) -> set[UUID]:
    """Returns the tenants of these invoices for whom dunning rests today, in their time zone."""
    rows = BillingProfile.objects.filter(tenant_id__in={one.tenant_id for one in overdue}).exclude(
        dunning_paused_until=None
    )
    return {
        tenant
        for tenant, until, zone in rows.values_list("tenant_id", "dunning_paused_until", "tenant__billing_timezone")
        if now.astimezone(ZoneInfo(zone)).date() <= until
    }


def steps_due(now: datetime) -> list[DueStep]:
    """Returns the steps whose day has come and that were not taken, in the order of their days; none where it rests."""
    overdue = overdue_invoices(now)
    paused = paused_of(overdue, now)
    overdue = [one for one in overdue if one.tenant_id not in paused]
    dunning = dunning_of((one.tenant_id for one in overdue), now)
    due = [
        DueStep(one, kind, days)
        for one in overdue
        for kind, days in _steps(dunning.get(one.tenant_id, Dunning()))
        if days <= one.days
    ]
    taken = set(
        DunningStep.objects.filter(invoice_id__in={step.overdue.invoice_id for step in due}).values_list(
            "invoice_id", "kind", "days"
        )
    )
    missing = [step for step in due if (step.overdue.invoice_id, step.kind, step.days) not in taken]
    return sorted(missing, key=lambda step: (step.days, step.kind == DunningStep.Kind.SUSPENSION))


def _steps(dunning: Dunning) -> list[tuple[DunningStep.Kind, int]]:
    steps = [(DunningStep.Kind.REMINDER, days) for days in dunning.remind_after_days]
    if dunning.suspend_after_days is not None:
        steps.append((DunningStep.Kind.SUSPENSION, dunning.suspend_after_days))
    return steps


@dataclass(frozen=True)
class Standing:
    """What an overdue tenant's marks ought to be: whether it was reminded, and whether its live keys rest."""

    reminded: bool
    suspended: bool


def standing_of(tenant_id: UUID, now: datetime) -> Standing:
    """Returns the marks that what is still overdue asks for, by the terms of now."""
    overdue = overdue_invoices(now, tenant_id=tenant_id)
    dunning = dunning_of([tenant_id], now).get(tenant_id, Dunning())
    suspend = dunning.suspend_after_days
    reminded = DunningStep.objects.filter(invoice_id__in=[one.invoice_id for one in overdue]).exists()
    return Standing(
        reminded=reminded and dunning.is_on,
        suspended=suspend is not None and any(one.days >= suspend for one in overdue) and not paused_of(overdue, now),
    )


def paused_until(*, tenant: Tenant, now: datetime | None = None) -> date | None:
    """Returns the day until which dunning rests for a tenant; None where it does not."""
    until: date | None = (
        BillingProfile.objects.filter(tenant_id=tenant.id).values_list("dunning_paused_until", flat=True).first()
    )
    today = (now or timezone.now()).astimezone(ZoneInfo(tenant.billing_timezone)).date()
    return until if until is not None and today <= until else None


def steps_of(*, tenant_id: UUID) -> list[DunningStep]:
    """Returns the steps that were taken against a tenant, the newest first."""
    rows = DunningStep.objects.select_related("invoice").filter(tenant_id=tenant_id)
    return list(rows.order_by("-at", "-id")[:50])
