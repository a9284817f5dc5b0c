"""A prepaid tenant with fees of a plan: they are not kept back, it is told so, and what the wallet lacks is due."""

from __future__ import annotations

from decimal import Decimal

from billing.ledger.services import available
from billing.models import Wallet
from billing.money import ZERO
from cavendish.db.router import acting_as
from tests.billing.holds import take
from tests.billing.invoices.helpers import balances, differing, finalise, fresh, profile_set, top_up
from tests.billing.invoices.test_plan_fees import on, plan
from tests.console.colleagues import Team
from tests.people.visitors import shown


def test_fees_are_told_beforehand_then_due_and_paid_by_the_next_money() -> None:
    tenant = on(plan(base_fee=Decimal(20), minimum_commitment=Decimal(50)), balance=12, credit_limit=0)
    profile_set(tenant, tax_rate=Decimal(19), tax_label="VAT")
    page = shown(Team(tenant).member().get("/console/billing/"))
    assert "takes $59.50 for your plan, with tax." in page
    assert "It is not kept back" in page
    assert "As it stands now, $47.50 would be." in page
    assert ">59.50<" in page  # the month that runs, in the list of invoices
    with acting_as("operator"):
        assert available(Wallet.objects.get(tenant=tenant, livemode=True)) == 12
    take(tenant, amount=Decimal(10))  # 10 and its tax are free for jobs

    invoice = finalise(tenant)
    assert (invoice.total, invoice.amount_due, invoice.status) == (Decimal("59.50"), Decimal("57.50"), "finalised")
    assert "$57.50 to pay by" in shown(Team(tenant).member().get("/console/billing/"))
    top_up(tenant, Decimal(60))
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["receivable"] == ZERO
    assert differing(tenant) == set()


def test_nothing_is_said_where_there_are_no_fees_or_the_tenant_pays_later() -> None:
    for tenant in (on(plan(), balance=12, credit_limit=0), on(plan(base_fee=Decimal(20)), balance=12)):
        assert "for your plan, with tax" not in shown(Team(tenant).member().get("/console/billing/"))
