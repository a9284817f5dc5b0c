from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.members.languages import tenant_language
from accounts.models import ApiKey, Membership, Role, Tenant, User
from billing.budgets.mails import budget_letter
from billing.models import Budget, BudgetAlert, Wallet
from cavendish.db.router import acting_as, current_alias
from cavendish.mail.letters import Letter
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
            language = tenant_language(alert.tenant_id)
            mail_queue(to=to, letter=partial(_letter, alert), language=language, tenant_id=alert.tenant_id)
        BudgetAlert.objects.filter(id=alert.id).update(mailed_at=timezone.now())
    return True


def _letter(alert: BudgetAlert) -> Letter:
    budget, tenant, period = alert.budget, alert.tenant, alert.budget_period
    wallet = Wallet.objects.get(tenant_id=alert.tenant_id, livemode=budget.livemode)
    resets_at, zone = period.resets_at, tenant.billing_timezone
    return budget_letter(
        alert,
        whose=_whose(budget, tenant),
        currency=wallet.currency,
        resets_at=f"{resets_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})" if resets_at else "",
    )


def _whose(budget: Budget, tenant: Tenant) -> str:
    match budget.scope:
        case Budget.Scope.KEY:
            key = ApiKey.objects.filter(tenant_id=tenant.id, id=budget.scope_id).first()
            return _("API key {name}").format(name=key.name or key.prefix) if key else _("an API key")
        case Budget.Scope.MEMBER:
            person = User.objects.filter(id=budget.scope_id).first()
            return person.name or person.email if person else _("a former member")
        case _:
            return tenant.name
