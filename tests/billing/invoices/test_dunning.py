"""Reminders and the end of live jobs: each step once, on its day, and everything lifts by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actor import SYSTEM
from accounts.authentication.principal import principal_of_prefix
from accounts.models import ApiKey, AuditEvent, Tenant
from billing.dunning.selectors import steps_of
from billing.dunning.services import dunning_run
from billing.models import Invoice, Plan, Subscription
from billing.parties.services import billing_profile_update
from billing.plans.services import plan_create, plan_version_add
from billing.plans.terms import PlanTerms
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from cavendish.mail.models import Mail
from generations.accept.funnel import check_active
from tests.billing.invoices.helpers import events, spend
from tests.billing.invoices.settling import credit, owing, pay
from tests.billing.invoices.test_overdue import over
from tests.factories import key_of
from tests.generations.helpers import in_threads

DAY = timedelta(days=1)
TERMS = {"remind_after_days": [3, 7], "suspend_after_days": 14}
"""In the order of days; `due(invoice) + n` is when n days have gone by."""


def due(invoice: Invoice) -> datetime:
    return over(invoice) - DAY + timedelta(hours=9)


def dunned(dunning: dict[str, Any] | None = None, **profile: Any) -> tuple[Tenant, Invoice]:
    """A tenant that owes 71.41, on a plan of its own."""
    tenant, invoice = owing(emails=["books@example.com"], **profile)
    with acting_as("operator"):
        plan = plan_create(
            slug=f"p-{tenant.id.hex[-12:]}", name="Dunned", currency="USD",
            terms=PlanTerms(dunning=dunning or TERMS), actor=SYSTEM,
        )  # fmt: skip
        Subscription.objects.create(tenant=tenant, plan=plan)
    return tenant, invoice


def run(tenant: Tenant, at: datetime) -> list[str]:
    """Runs it for everybody and returns what this tenant's steps are now, the first first."""
    dunning_run(now=at)
    with acting_as("operator"):
        return [f"{step.kind} {step.days}" for step in reversed(steps_of(tenant_id=tenant.id))]


def subjects(tenant: Tenant) -> list[str]:
    with acting_as("operator"):
        mails = Mail.objects.filter(tenant_id=tenant.id).exclude(subject__startswith="Invoice")
        return list(mails.order_by("id").values_list("subject", flat=True))


def may(tenant: Tenant, *, livemode: bool) -> bool:
    """Whether a key of the tenant may bring something new."""
    with acting_as("operator"):
        prefix = ApiKey.objects.get(id=key_of(tenant.id, livemode)).prefix
    who = principal_of_prefix(prefix)
    assert who is not None
    if who.tenant_status == "active":
        check_active(who)
        return True
    with pytest.raises(Problem) as refused:
        check_active(who)
    assert (refused.value.status, refused.value.code) == (403, "tenant_suspended")
    assert "payment overdue" in refused.value.detail
    return False


def test_reminders_then_no_live_jobs_and_all_lifts_when_it_is_paid() -> None:
    tenant, invoice = dunned()
    assert run(tenant, due(invoice) + 2 * DAY) == []
    assert run(tenant, due(invoice) + 3 * DAY) == ["reminder 3"] == run(tenant, due(invoice) + 6 * DAY)
    with acting_as("operator"):
        mail = Mail.objects.get(tenant_id=tenant.id, subject__startswith="Reminder")
    assert mail.to == ["books@example.com"]
    for part in (mail.text, mail.html):
        assert all(word in part for word in (f"{invoice.number}", "71.41 USD", "3 days ago"))
    assert run(tenant, due(invoice) + 7 * DAY) == ["reminder 3", "reminder 7"]
    assert may(tenant, livemode=True)

    assert run(tenant, due(invoice) + 14 * DAY)[-1] == "suspension 14"
    assert (may(tenant, livemode=True), may(tenant, livemode=False)) == (False, True)
    pay(invoice, "71")
    run(tenant, due(invoice) + 15 * DAY)
    assert not may(tenant, livemode=True)
    pay(invoice, "0.41", reference="wire 2")
    run(tenant, due(invoice) + 15 * DAY)
    assert may(tenant, livemode=True)
    number = invoice.number
    assert subjects(tenant) == [
        f"Reminder: invoice {number} from Cavendish Pictures GmbH is overdue",
        f"Reminder: invoice {number} from Cavendish Pictures GmbH is overdue",
        f"Live API keys are suspended: invoice {number} from Cavendish Pictures GmbH is overdue",
        f"Live API keys of {tenant.name} work again",
    ]
    assert events(invoice.id).count("invoice.reminded") == 2
    assert events(tenant.id)[-2:] == ["tenant.payment_suspended", "tenant.payment_resumed"]
    with acting_as("operator"):
        audited = AuditEvent.objects.filter(tenant_id=tenant.id, action__startswith="tenant.payment")
        assert list(audited.order_by("id").values_list("action", flat=True)) == [
            "tenant.payment_reminded", "tenant.payment_reminded", "tenant.payment_suspended", "tenant.payment_resumed",
        ]  # fmt: skip
        tenant.refresh_from_db()
    assert (tenant.payment_reminded_at, tenant.payment_suspended_at) == (None, None)


def test_a_late_scheduler_takes_every_step_once_and_several_share_the_work() -> None:
    tenant, invoice = dunned()
    in_threads(4, lambda moment: dunning_run(now=moment), [due(invoice) + 40 * DAY] * 4)
    assert run(tenant, due(invoice) + 40 * DAY) == ["reminder 3", "reminder 7", "suspension 14"]
    assert len(subjects(tenant)) == 3


def test_a_step_that_fails_half_way_has_not_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, invoice = dunned()
    from billing.dunning import services

    def dies(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(services, "mail_queue", dies)
        with pytest.raises(KeyboardInterrupt):
            dunning_run(now=due(invoice) + 3 * DAY)
    assert (subjects(tenant), events(invoice.id).count("invoice.reminded")) == ([], 0)
    assert run(tenant, due(invoice) + 3 * DAY) == ["reminder 3"]
    assert len(subjects(tenant)) == 1


def test_what_else_lifts_it_a_credit_note_or_other_terms_and_one_of_two_invoices_does_not() -> None:
    tenant, invoice = dunned()
    late = due(invoice) + 20 * DAY
    run(tenant, late)
    credit(invoice)
    run(tenant, late)
    assert may(tenant, livemode=True)

    other, first = dunned()
    with acting_as("operator"):
        plan = Plan.objects.get(slug=f"p-{other.id.hex[-12:]}")
    spend(other, month=first.month)
    late = due(first) + 20 * DAY
    run(other, late)
    assert not may(other, livemode=True)
    with acting_as("operator"):
        version = plan_version_add(
            plan=plan, values={"dunning": {"remind_after_days": [3], "suspend_after_days": None}},
            effective_from=None, actor=SYSTEM,
        )  # fmt: skip
    run(other, max(late, version.effective_from + DAY))
    assert may(other, livemode=True)


def test_a_plan_without_terms_of_dunning_does_nothing() -> None:
    tenant, invoice = owing()
    assert run(tenant, due(invoice) + 90 * DAY) == []
    assert subjects(tenant) == []


def test_it_rests_until_a_day_and_then_goes_on() -> None:
    tenant, invoice = dunned()
    assert run(tenant, due(invoice) + 14 * DAY)[-1] == "suspension 14"
    until = (due(invoice) + 16 * DAY).date()
    with acting_as("operator"):
        billing_profile_update(tenant_id=tenant.id, actor=SYSTEM, dunning_paused_until=until)
    run(tenant, due(invoice) + 16 * DAY)
    assert may(tenant, livemode=True)  # that day is included
    run(tenant, due(invoice) + 17 * DAY)
    assert not may(tenant, livemode=True)

    other, late = dunned(dunning_paused_until=(due(invoice) + 90 * DAY).date())
    assert run(other, due(late) + 20 * DAY) == []
    assert run(other, due(late) + 100 * DAY) == ["reminder 3", "reminder 7", "suspension 14"]
