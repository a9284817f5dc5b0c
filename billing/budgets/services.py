"""Budgets are created and changed under `budgets_lock`, which lets no job of the tenant be held meanwhile.

So a new budget counts each job once: it was held before and is in the sums that the budget begins with, or comes
after and finds the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.models import ApiKey, Membership
from billing.contracts import BudgetRefusal
from billing.errors import BudgetNotYours, TooManyBudgets, ValuesInvalid
from billing.models import Budget
from cavendish.db.call import call
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError

# Each budget that applies to a job is a row that the job locks.
MOST = 20
LONGEST_RAISE = timedelta(days=366)
CHANGEABLE = ("limit", "hard", "alerts", "raise_to", "raise_until")


def budget_create(
    *,
    tenant_id: UUID,
    actor: Actor,
    livemode: bool,
    scope: str,
    scope_id: UUID,
    period: str,
    metric: str,
    limit: Decimal,
    hard: bool = True,
    alerts: Sequence[int] = (),
    raise_to: Decimal | None = None,
    raise_until: datetime | None = None,
) -> Budget:
    """Creates a budget that holds from now on and counts what its period has used so far. An operator's stays theirs.

    Raises ValuesInvalid for a key or member that is not the tenant's or a raise that is none, TooManyBudgets.
    """
    with _alone(tenant_id):
        errors = _raise_errors(limit, raise_to, raise_until)
        if not _exists(tenant_id, livemode, scope, scope_id):
            errors.insert(0, FieldError("/scope_id", "unknown", _missing(scope, livemode)))
        if errors:
            raise ValuesInvalid(errors)
        same = Budget.objects.filter(tenant_id=tenant_id, livemode=livemode, scope_id=scope_id, deleted_at=None)
        if same.count() >= MOST:
            raise TooManyBudgets(MOST)
        return _create(
            actor,
            tenant_id=tenant_id,
            livemode=livemode,
            scope=scope,
            scope_id=scope_id,
            period=period,
            metric=metric,
            limit=limit,
            hard=hard,
            alerts=sorted(alerts),
            raise_to=raise_to,
            raise_until=raise_until,
            set_by_operator=actor.is_operator,
        )


def budget_update(*, tenant_id: UUID, budget_id: UUID, actor: Actor, values: Mapping[str, Any]) -> Budget | None:
    """Changes fields of CHANGEABLE, for the period that runs too; returns None when there is no such budget.

    A limit below what is used and held refuses further jobs and takes nothing back. A raise whose time is over ends
    with any change. Raises ValuesInvalid, BudgetNotYours.
    """
    with _alone(tenant_id):
        budget: Budget | None = Budget.objects.filter(tenant_id=tenant_id, id=budget_id, deleted_at=None).first()
        if budget is None:
            return None
        if budget.set_by_operator and not actor.is_operator:
            raise BudgetNotYours
        over = budget.raise_until is not None and budget.raise_until <= timezone.now()
        ended = {"raise_to": None, "raise_until": None} if over else {}
        changed = {name: value for name, value in {**ended, **values}.items() if name in CHANGEABLE}
        terms = {name: getattr(budget, name) for name in CHANGEABLE} | changed
        if errors := _raise_errors(terms["limit"], terms["raise_to"], terms["raise_until"]):
            raise ValuesInvalid(errors)
        _change(budget, actor, terms)
    return budget


def budget_delete(*, tenant_id: UUID, budget_id: UUID, actor: Actor) -> bool:
    """Returns False when there is none. What it counted stays stored. Raises BudgetNotYours."""
    with _alone(tenant_id):
        budget: Budget | None = Budget.objects.filter(tenant_id=tenant_id, id=budget_id, deleted_at=None).first()
        if budget is None:
            return False
        if budget.set_by_operator and not actor.is_operator:
            raise BudgetNotYours
        _delete(budget, actor)
    return True


def default_budgets_apply(
    *, tenant_id: UUID, plan_id: UUID, terms: Sequence[Mapping[str, Any]], actor: Actor = SYSTEM
) -> list[Budget]:
    """Sets the budgets that a plan brings in place of those of the plan before, and returns them.

    Each of `terms` has period, metric and limit, and optionally hard, alerts and livemode, as the API takes them
    (`billing.budgets.bodies.BudgetDefault`). A budget of the same period, metric and mode is kept and changed: moving
    between plans gives none anew. Runs as the operator, in a transaction of its own or the caller's.
    """
    budgets = []
    with _alone(tenant_id):
        current = {
            (budget.livemode, budget.period, budget.metric, budget.hard): budget
            for budget in Budget.objects.filter(tenant_id=tenant_id, deleted_at=None).exclude(plan=None)
        }
        for values in terms:
            limit, alerts = Decimal(str(values["limit"])), sorted(values.get("alerts", ()))
            livemode, hard = values.get("livemode", True), values.get("hard", True)
            budget = current.pop((livemode, values["period"], values["metric"], hard), None)
            if budget is None:
                budget = _create(
                    actor,
                    tenant_id=tenant_id,
                    livemode=livemode,
                    scope=Budget.Scope.TENANT,
                    scope_id=tenant_id,
                    period=values["period"],
                    metric=values["metric"],
                    limit=limit,
                    hard=hard,
                    alerts=alerts,
                    set_by_operator=True,
                    plan_id=plan_id,
                )
            else:
                kept = {"limit": limit, "alerts": alerts, "raise_to": None, "raise_until": None, "plan_id": plan_id}
                _change(budget, actor, kept)
            budgets.append(budget)
        for budget in current.values():
            _delete(budget, actor)
    return budgets


def budget_refusal_notify(*, tenant_id: UUID, refusal: BudgetRefusal) -> None:
    """Adds the alert of 100 % when a budget refuses its first job of a period that it could have had room for."""
    if refusal["notify"]:
        with tenant_work(tenant_id):
            call("budget_alert_refused", tenant_id, UUID(refusal["budget_id"]))


@contextmanager
def _alone(tenant_id: UUID) -> Iterator[None]:
    with tenant_work(tenant_id):
        call("budgets_lock", tenant_id, True)
        yield


def _exists(tenant_id: UUID, livemode: bool, scope: str, scope_id: UUID) -> bool:
    match scope:
        case Budget.Scope.KEY:
            return bool(ApiKey.objects.filter(tenant_id=tenant_id, id=scope_id, livemode=livemode).exists())
        case Budget.Scope.MEMBER:
            return bool(Membership.objects.filter(tenant_id=tenant_id, user_id=scope_id).exists())
        case _:
            return scope_id == tenant_id


def _missing(scope: str, livemode: bool) -> str:
    match scope:
        case Budget.Scope.KEY:
            return f"There is no {'live' if livemode else 'test'} key of this id."
        case Budget.Scope.MEMBER:
            return "There is no member of this id."
        case _:
            return "Use the id of the tenant itself, or leave the field away."


def _raise_errors(limit: Decimal, raise_to: Decimal | None, raise_until: datetime | None) -> list[FieldError]:
    if raise_to is None and raise_until is None:
        return []
    if raise_to is None:
        return [FieldError("/raise_to", "required", "A raise needs both raise_to and raise_until.")]
    if raise_until is None:
        return [FieldError("/raise_until", "required", "A raise needs both raise_to and raise_until.")]
    errors = []
    if raise_to <= limit:
        errors.append(FieldError("/raise_to", "out_of_range", "A raise goes above the limit."))
    now = timezone.now()
    if not now < raise_until <= now + LONGEST_RAISE:
        days = LONGEST_RAISE.days
        errors.append(FieldError("/raise_until", "out_of_range", f"Use a time in the future, within {days} days."))
    return errors


def _create(actor: Actor, **fields: Any) -> Budget:
    budget: Budget = Budget.objects.create(**fields)
    budget.refresh_from_db(fields=["created_at"])
    call("budget_period_open", budget.tenant_id, budget.id, None, True)
    _audit(budget, actor, "created", after=_plain(budget))
    return budget


def _change(budget: Budget, actor: Actor, values: Mapping[str, Any]) -> None:
    before = _plain(budget)
    for name, value in values.items():
        setattr(budget, name, sorted(value) if name == "alerts" else value)
    budget.save(update_fields=list(values))
    call("budget_change", budget.tenant_id, budget.id)
    old, new = changes(before, _plain(budget))
    if new:
        _audit(budget, actor, "changed", before=old, after=new)


def _delete(budget: Budget, actor: Actor) -> None:
    Budget.objects.filter(id=budget.id).update(deleted_at=timezone.now())
    _audit(budget, actor, "deleted", before=_plain(budget))


def _audit(
    budget: Budget,
    actor: Actor,
    done: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit_add(
        actor=actor,
        action=f"budget.{done}",
        tenant_id=budget.tenant_id,
        target="budget",
        target_id=budget.id,
        before=before,
        after=after,
    )
    event_add(tenant_id=budget.tenant_id, subject=budget.id, type=f"budget.{done}", data={"livemode": budget.livemode})


def _plain(budget: Budget) -> dict[str, Any]:
    names = ("livemode", "scope", "scope_id", "period", "metric", *CHANGEABLE, "plan_id")
    return {name: getattr(budget, name) for name in names}
