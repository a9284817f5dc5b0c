from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, Membership, Role, Tenant, User
from billing.models import Budget, BudgetAlert, Wallet
from billing.quantities import PERIOD_WORDS, quantity_text
from cavendish.db import ids
from cavendish.db.router import acting_as, current_alias
from cavendish.mail.services import mail_queue

AT_ONCE = 200
RECIPIENTS = (Role.OWNER, Role.BILLING)


def budget_alerts_mail() -> int:
    """Queues the mails of percentages that budgets have reached; returns how many. The scheduler calls it.

    Each goes in a transaction that also marks it, so none is sent twice or lost, however many schedulers run.
    """
    with acting_as("operator"):
        for count in range(AT_ONCE):
            if not _mail_next():
                return count
    return AT_ONCE


def _mail_next() -> bool:
    with transaction.atomic(using=current_alias()):
        waiting = BudgetAlert.objects.filter(mailed_at=None).select_for_update(skip_locked=True, of=("self",))
        alert: BudgetAlert | None = waiting.select_related("tenant", "budget", "budget_period").order_by("id").first()
        if alert is None:
            return False
        people = Membership.objects.filter(tenant_id=alert.tenant_id, role__in=RECIPIENTS, user__is_active=True)
        to = list(people.order_by("id").values_list("user__email", flat=True))
        if to and alert.budget.deleted_at is None:
            context = _context(alert)
            reached = "No room is left in" if context["is_refusing"] else f"{alert.percent} % is used of"
            mail_queue(
                to=to,
                subject=f"{reached} the {context['every']} budget of {context['whose']}",
                template="billing/mail/budget_reached",
                context=context,
                tenant_id=alert.tenant_id,
            )
        BudgetAlert.objects.filter(id=alert.id).update(mailed_at=timezone.now())
    return True


def _context(alert: BudgetAlert) -> dict[str, Any]:
    budget, tenant, period = alert.budget, alert.tenant, alert.budget_period
    wallet = Wallet.objects.get(tenant_id=alert.tenant_id, livemode=budget.livemode)
    resets_at, zone = period.resets_at, tenant.billing_timezone
    return {
        "percent": alert.percent,
        "every": PERIOD_WORDS[budget.period],
        "whose": _whose(budget, tenant) + ("" if budget.livemode else " in test mode"),
        "metric": budget.metric,
        "limit": quantity_text(budget.metric, alert.limit, wallet.currency),
        "used": quantity_text(budget.metric, alert.used, wallet.currency),
        "resets_at": f"{resets_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})" if resets_at else None,
        "hard": budget.hard,
        "is_refusing": alert.used < alert.limit and alert.percent == 100,
        "budget": ids.encode(ids.BUDGET, budget.id),
        "tenant": tenant.name,
    }


def _whose(budget: Budget, tenant: Tenant) -> str:
    match budget.scope:
        case Budget.Scope.KEY:
            key = ApiKey.objects.filter(tenant_id=tenant.id, id=budget.scope_id).first()
            return f"API key {key.name or key.prefix}" if key else "an API key"
        case Budget.Scope.MEMBER:
            person = User.objects.filter(id=budget.scope_id).first()
            return person.name or person.email if person else "a former member"
        case _:
            return tenant.name
