"""Which plan a tenant is on. A change begins with the tenant's next month, so that a month has one plan."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.models import Tenant
from billing.budgets.services import default_budgets_apply
from billing.credits.services import credit_of_plan
from billing.errors import ChangeRefused
from billing.models import Charge, Plan, Subscription, Wallet
from billing.money import amount_text
from billing.months import month_of
from billing.prices.selectors import plan_terms
from billing.subscriptions.selectors import subscription_next, subscription_now
from cavendish.db.call import call
from cavendish.db.router import acting_as, current_alias
from cavendish.events.services import event_add

AT_ONCE = 200


def subscription_change(*, tenant: Tenant, plan: Plan, actor: Actor) -> Subscription:
    """Moves a tenant to a plan from its next month on, in place of a move that waits; back to its own plan undoes that.

    A plan in another currency begins at once, and only where nothing would have to be exchanged: no balance, nothing
    held, nothing charged this month. Raises ChangeRefused.
    """
    with transaction.atomic(using=current_alias()):
        # two moves at once would leave two plans waiting
        Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        now, waiting = subscription_now(tenant_id=tenant.id), subscription_next(tenant_id=tenant.id)
        if plan.archived_at is not None:
            raise ChangeRefused("plan_archived", f"{plan.name} is archived; no tenant can be moved to it.")
        moves = now is None or now.plan_id != plan.id
        if waiting is not None:
            Subscription.objects.filter(id=waiting.id).delete()
        if not moves:
            assert now is not None
            subscription = now
        elif now is not None and now.plan.currency == plan.currency:
            subscription = Subscription.objects.create(
                tenant=tenant, plan=plan, starts_at=month_of(tenant_id=tenant.id).ends_at, actor=str(actor)[:300]
            )
        else:
            _currency_change(tenant.id, plan.currency)
            subscription = Subscription.objects.create(tenant=tenant, plan=plan, actor=str(actor)[:300])
            subscription.refresh_from_db()
            subscription_begin(subscription)
        _audit(tenant.id, actor, before=waiting or now, after=subscription)
    return subscription


def subscriptions_begin() -> int:
    """Gives tenants what the plans that begin for them bring; returns how many began. The scheduler calls it."""
    with acting_as("operator"):
        due = Subscription.objects.filter(begun_at=None, starts_at__lte=timezone.now()).order_by("starts_at")
        for subscription in list(due[:AT_ONCE]):
            with transaction.atomic(using=current_alias()):
                still = Subscription.objects.select_for_update(skip_locked=True).filter(
                    id=subscription.id, begun_at=None
                )
                if still.first() is not None:
                    subscription_begin(subscription)
        return len(due)


def subscription_begin(subscription: Subscription) -> None:
    """Sets the plan's budgets in place of the last plan's and gives its credit of this month; runs as the operator."""
    terms = plan_terms(subscription.plan)
    default_budgets_apply(
        tenant_id=subscription.tenant_id,
        plan_id=subscription.plan_id,
        terms=terms.default_budgets if terms else [],
        actor=SYSTEM,
    )
    credit_of_plan(tenant_id=subscription.tenant_id)
    Subscription.objects.filter(id=subscription.id).update(begun_at=timezone.now())
    event_add(
        tenant_id=subscription.tenant_id,
        subject=subscription.id,
        type="subscription.begun",
        data={"plan": subscription.plan.slug},
    )


def _currency_change(tenant_id: UUID, currency: str) -> None:
    """Gives the wallets another currency when both are empty. Raises ChangeRefused."""
    # before the wallets, as jobs do: the plan's budgets are changed after them
    call("budgets_lock", tenant_id, True)
    wallets = list(Wallet.objects.select_for_update().filter(tenant_id=tenant_id).order_by("livemode"))
    for wallet in wallets:
        if wallet.balance or wallet.held or wallet.credit_limit:
            detail = (
                f"The currency cannot change from {wallet.currency} to {currency}: the balance is "
                f"{amount_text(wallet.balance)}, {amount_text(wallet.held)} is held, the credit limit is "
                f"{amount_text(wallet.credit_limit)}. All must be zero, for nothing is exchanged."
            )
            raise ChangeRefused("currency_change_refused", detail)
    month = month_of(tenant_id=tenant_id)
    if Charge.objects.filter(
        tenant_id=tenant_id, livemode=True, amount__gt=0, created_at__gte=month.starts_at
    ).exists():
        detail = "The currency cannot change: this month has charges in another one. Try again next month."
        raise ChangeRefused("currency_change_refused", detail)
    Wallet.objects.filter(tenant_id=tenant_id).update(currency=currency)


def _audit(tenant_id: UUID, actor: Actor, *, before: Subscription | None, after: Subscription) -> None:
    audit_add(
        actor=actor,
        action="subscription.changed",
        tenant_id=tenant_id,
        target="subscription",
        target_id=after.id,
        before={"plan": before.plan.slug, "starts_at": before.starts_at} if before else None,
        after={"plan": after.plan.slug, "starts_at": after.starts_at},
    )
    event_add(
        tenant_id=tenant_id,
        subject=after.id,
        type="subscription.changed",
        data={"plan": after.plan.slug, "starts_at": after.starts_at.isoformat()},
    )
