"""A percentage is told once per period, in the transaction that reaches it, and mailed to whom it concerns."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from accounts.actor import SYSTEM
from accounts.members.services import membership_create
from accounts.models import Role, Tenant, User
from billing.budgets.alerts import budget_alerts_mail
from billing.budgets.services import budget_update
from billing.errors import BudgetExceeded
from billing.models import Budget
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.mail.models import Mail
from tests.billing.holds import Refused, days_pass, end, keys_of, make_budget, periods, take, used
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import in_threads, rows


def told(budget: Budget) -> list[int]:
    """Percentages, in the order in which they were told; each as an event and as a row for the mail."""
    events = rows(
        "owner",
        """SELECT (data->>'percent')::int AS percent FROM events_event
           WHERE subject = %s AND type = 'budget.threshold_reached' ORDER BY id""",
        budget.id,
    )
    alerts = rows("owner", "SELECT percent FROM billing_budgetalert WHERE budget_id = %s ORDER BY id", budget.id)
    assert [event["percent"] for event in events] == [alert["percent"] for alert in alerts]
    return [event["percent"] for event in events]


def test_each_percentage_is_told_once_per_period() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 10, period="day", alerts=[80, 50, 100])
    used(tenant, count=4)
    assert told(budget) == []
    used(tenant)
    assert told(budget) == [50]
    used(tenant, count=4)
    assert told(budget) == [50, 80]
    days_pass(tenant)
    used(tenant, count=10)
    assert told(budget) == [50, 80, 50, 80, 100]
    (event,) = rows("owner", "SELECT data FROM events_event WHERE subject = %s AND data->>'percent' = '100'", budget.id)
    last = periods(budget)[-1]
    assert event["data"] == {
        "budget_id": ids.encode(ids.BUDGET, budget.id), "percent": 100, "livemode": True, "scope": "tenant",
        "scope_id": ids.encode(ids.TENANT, tenant.id), "period": "day", "metric": "images", "limit": 10, "used": 10,
        "held": 0,
        "resets_at": f"{last['resets_at']:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def test_what_is_only_held_is_not_told() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 10, alerts=[50])
    running = take(tenant, images=9)
    end(tenant, running, images=1)
    assert told(budget) == []


@pytest.mark.parametrize("hard", [True, False])
def test_jobs_that_end_at_once_tell_it_once(hard: bool) -> None:
    tenant = make_tenant()
    keys_of([tenant])
    terms: dict[str, Any] = {"alerts": [10, 50, 90], "hard": hard}
    budgets = [make_budget(tenant, 40, metric=metric, **terms) for metric in ("images", "requests")]
    holds = [take(tenant) for _ in range(40)]
    in_threads(12, lambda hold: end(tenant, hold), holds)
    assert [told(budget) for budget in budgets] == [[10, 50, 90]] * 2


def test_a_budget_that_begins_above_a_percentage_says_so() -> None:
    tenant = make_tenant()
    used(tenant, count=6)
    assert told(make_budget(tenant, 10, alerts=[50, 80])) == [50]


def test_a_lower_limit_may_reach_one() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 100, alerts=[50])
    used(tenant, count=6)
    with acting_as("operator"):
        for limit in (10, 5, 100, 10):
            budget_update(tenant_id=tenant.id, budget_id=budget.id, actor=SYSTEM, values={"limit": Decimal(limit)})
    assert told(budget) == [50]


def test_a_limit_of_nothing_tells_nothing() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 0, alerts=[1, 100], hard=False)
    used(tenant)
    assert told(budget) == []


def test_a_hard_budget_that_refuses_is_at_its_end() -> None:
    """What is used alone may never reach 100 %: the last job that would fit is refused by its worst case."""
    tenant = make_tenant()
    budget = make_budget(tenant, 3, alerts=[100])
    two: dict[str, Any] = {"max_images": 2}
    submit_generation(tenant, **two)
    for _ in range(3):
        with pytest.raises(BudgetExceeded):
            submit_generation(tenant, **two)
    assert told(budget) == [100]
    queue_clear()
    # a request that no period could have room for says nothing about this one
    other = make_tenant()
    small = make_budget(other, 1, alerts=[100])
    with pytest.raises(BudgetExceeded):
        submit_generation(other, **two)
    assert told(small) == []


def test_a_burst_is_told_once_with_what_it_holds() -> None:
    """Nothing is used yet when the first is refused: what is held says why, and 50 and 80 % afterwards are no news."""
    tenant = make_tenant()
    people(tenant)
    budget = make_budget(tenant, 4, alerts=[50, 80, 100])
    holds = [take(tenant) for _ in range(4)]
    with pytest.raises(Refused) as caught:
        take(tenant)
    assert caught.value.refusal["notify"]
    with tenant_context(tenant.id):
        call("budget_alert_refused", tenant.id, budget.id)
    assert told(budget) == [100]
    (event,) = rows("owner", "SELECT data FROM events_event WHERE subject = %s AND data ? 'percent'", budget.id)
    assert (event["data"]["used"], event["data"]["held"], event["data"]["limit"]) == (0, 4, 4)
    for generation in holds:
        end(tenant, generation)
    assert told(budget) == [100]
    drain()
    (mail,) = mails(tenant)
    assert "Used so far: 0 pictures" in mail.text
    assert "Held for running requests: 4 pictures" in mail.text


@cache
def person(role: Role) -> User:
    return User.objects.db_manager("operator").create_user(f"{role}-{secrets.token_hex(4)}@example.com")


def people(tenant: Tenant) -> None:
    with acting_as("operator"):
        for role in Role:
            membership_create(tenant=tenant, user=person(role), role=role)


def mails(tenant: Tenant) -> list[Mail]:
    with acting_as("operator"):
        return list(Mail.objects.filter(tenant_id=tenant.id).order_by("created_at", "id"))


def drain(count: int = 1) -> None:
    """So many schedulers at once tell what there is."""
    in_threads(count, lambda _: budget_alerts_mail(), range(count))


def test_owners_and_billing_members_get_one_mail_each_time() -> None:
    tenant = make_tenant(billing_timezone="Asia/Kathmandu")
    people(tenant)
    budget = make_budget(tenant, "2.00", metric="money", alerts=[50, 100])
    end(tenant, take(tenant, amount="1.25"), amount="1.25")
    drain(4)
    (mail,) = mails(tenant)
    assert set(mail.to) == {person(Role.OWNER).email, person(Role.BILLING).email}
    assert mail.subject == f"50 % is used of the monthly budget of {tenant.name}"
    for part in (
        "Limit: 2.00 USD",
        "Used so far: 1.25 USD",
        "-01 00:00 (Asia/Kathmandu)",
        ids.encode(ids.BUDGET, budget.id),
    ):
        assert part in mail.text, mail.text
    assert "What does not fit into it is refused." in mail.text
    drain()
    assert len(mails(tenant)) == 1


def test_many_alerts_are_mailed_once_by_schedulers_side_by_side() -> None:
    drain()
    tenants = [make_tenant() for _ in range(5)]
    for tenant in tenants:
        people(tenant)
        make_budget(tenant, 4, alerts=[25, 50, 75, 100], scope="tenant")
        used(tenant, count=4)
    drain(4)
    assert [len(mails(tenant)) for tenant in tenants] == [4] * 5


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"hard": False}, "no request is refused"),
        ({"period": "total"}, "It does not reset."),
        ({"livemode": False, "metric": "requests"}, "in test mode"),
    ],
)
def test_the_mail_says_what_follows(fields: dict[str, Any], words: str) -> None:
    tenant = make_tenant()
    people(tenant)
    make_budget(tenant, 1, alerts=[100], **fields)
    if fields.get("livemode", True):
        used(tenant)
    else:
        submit_generation(tenant, livemode=False)
        with pytest.raises(BudgetExceeded):
            submit_generation(tenant, livemode=False)
        queue_clear()
    drain()
    (mail,) = mails(tenant)
    assert words in mail.text, mail.text
    if not fields.get("livemode", True):
        assert "No room is left" in mail.text


def test_a_tenant_without_people_loses_nothing() -> None:
    tenant = make_tenant()
    budget = make_budget(tenant, 1, alerts=[100])
    used(tenant)
    drain()
    assert mails(tenant) == []
    unmailed = "SELECT 1 FROM billing_budgetalert WHERE budget_id = %s AND mailed_at IS NULL"
    assert rows("owner", unmailed, budget.id) == []
