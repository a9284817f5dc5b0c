"""A tenant whose invoice cannot be drafted or finalised stops nobody else's, and is named until it can."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import DatabaseError, connections

from accounts.models import Tenant
from billing.invoices.services import STALE, invoices_draft, invoices_finalise
from billing.models import Invoice
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, differing, draft, fresh, make_entity, spend
from tests.generations.helpers import rows

MARCH, APRIL, ZONES, COMPANIES = (date(2021, month, 1) for month in (3, 4, 2, 1))


@contextmanager
def too_much(tenant: Tenant) -> Iterator[None]:
    """Meanwhile the tenant's usage is worth more than an invoice can say."""
    change = "UPDATE billing_usagerollup SET amount = amount {} 90000000000 WHERE tenant_id = %s AND kind <> 'request'"
    rows("owner", change.format("+"), tenant.id)
    try:
        yield
    finally:
        rows("owner", change.format("-"), tenant.id)


def tenants_of(month: date, count: int = 3) -> list[Tenant]:
    tenants = [billed_tenant(balance=0, credit_limit=1) for _ in range(count)]
    for tenant in tenants:
        spend(tenant, month)
    return sorted(tenants, key=lambda tenant: tenant.id)


def draft_all(month: date) -> dict[Tenant, Invoice]:
    with acting_as("operator"):
        invoices_draft(month=month)
        return {invoice.tenant: invoice for invoice in Invoice.objects.filter(month=month).select_related("tenant")}


def waited(tenant: Tenant) -> None:
    """As if it had failed, and had been summed up, long enough ago to be tried again."""
    rows(
        "owner",
        "UPDATE billing_invoice SET failed_at = failed_at - %s, refreshed_at = refreshed_at - %s WHERE tenant_id = %s",
        STALE, STALE, tenant.id,
    )  # fmt: skip


def test_a_draft_that_cannot_be_made_is_set_apart(caplog: pytest.LogCaptureFixture) -> None:
    broken, *others = tenants_of(MARCH)
    with too_much(broken):
        drafts = draft_all(MARCH)
        assert all(drafts[tenant].net == drafts[tenant].total > 0 for tenant in others)
        assert drafts[broken].net == 0
        assert "overflow" in drafts[broken].failure
        assert ids.encode(ids.TENANT, broken.id) in caplog.text
        assert "overflow" in caplog.text
        # beside what broke it
        assert differing(broken) - {"rollups", "rollups_charges"} == {"invoices_failed"}
        assert differing(others[0]) == set()
        # it is not tried at every turn, nor finalised with nothing in it
        caplog.clear()
        draft_all(MARCH)
        with acting_as("operator"):
            invoices_finalise(month=MARCH)
        assert caplog.text == ""
        assert [fresh(drafts[tenant].id).status for tenant in (broken, *others)] == ["draft", "finalised", "finalised"]
        with pytest.raises(DatabaseError, match="overflow"):
            draft(broken, MARCH)
    waited(broken)
    mended = draft_all(MARCH)[broken]
    assert (mended.net, mended.failure, mended.failed_at) == (fresh(drafts[others[0]].id).net, "", None)
    assert differing(broken) == set()


def test_one_that_cannot_be_finalised_is_set_apart(caplog: pytest.LogCaptureFixture) -> None:
    broken, *others = tenants_of(APRIL)
    drafts = draft_all(APRIL)
    with too_much(broken):
        for _ in range(2):  # the second time it waits
            with acting_as("operator"):
                invoices_finalise(month=APRIL)
        failed = fresh(drafts[broken].id)
        assert (failed.status, failed.number, "overflow" in failed.failure) == ("draft", None, True)
        assert [fresh(drafts[tenant].id).status for tenant in others] == ["finalised", "finalised"]
        (logged,) = (record for record in caplog.records if record.levelno == logging.ERROR)
        assert ids.encode(ids.TENANT, broken.id) in logged.getMessage()
        assert "invoices_failed" in differing(broken)
    waited(broken)
    with acting_as("operator"):
        assert invoices_finalise(month=APRIL) == 1
    assert differing(broken) == set()


def test_a_zone_that_the_database_cannot_read_stops_nobody_else() -> None:
    broken, *others = tenants_of(ZONES)
    change = "UPDATE accounts_tenant SET billing_timezone = %s WHERE id = %s"
    rows("owner", change, "Mars/Olympus", broken.id)
    try:
        assert draft_all(ZONES).keys() == set(others)
        assert differing(broken) == {"invoices_failed"}
        with pytest.raises(DatabaseError, match="Mars"):
            draft(broken, ZONES)
    finally:
        rows("owner", change, "UTC", broken.id)
    assert draft_all(ZONES).keys() == {broken, *others}


def test_a_tenant_without_a_company_does_not_stop_those_that_have_one() -> None:
    without, *others = tenants_of(COMPANIES)
    drafts = draft_all(COMPANIES)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE billing_billingprofile SET legal_entity_id = NULL WHERE tenant_id = %s", [without.id])
        cursor.execute("UPDATE billing_legalentity SET is_default = false WHERE is_default RETURNING id")
        defaults = [row[0] for row in cursor.fetchall()]
        try:
            with acting_as("operator"):
                assert invoices_finalise(month=COMPANIES) == 2
        finally:
            cursor.execute("UPDATE billing_legalentity SET is_default = true WHERE id = ANY (%s)", [defaults])
            cursor.execute(
                "UPDATE billing_billingprofile SET legal_entity_id = %s WHERE tenant_id = %s",
                [make_entity().id, without.id],
            )
    assert [fresh(drafts[tenant].id).status for tenant in (without, *others)] == ["draft", "finalised", "finalised"]
    assert differing(without) == set()
