"""Drafts: when a month is over, what its lines are, and that they are the books to the last digit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.actor import SYSTEM
from billing.invoices.services import invoice_void, invoices_draft
from billing.models import Invoice
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    SECOND,
    at,
    billed_tenant,
    correct,
    draft,
    finalise,
    fresh,
    lines,
    running_month,
    spend,
)
from tests.factories import FLASH, PRO
from tests.generations.helpers import one


@pytest.mark.parametrize(
    ("zone", "month", "over"),
    [
        ("Pacific/Kiritimati", date(2026, 10, 1), "2026-10-31T10:00:00"),
        ("America/Los_Angeles", date(2026, 10, 1), "2026-11-01T07:00:00"),  # the clocks go back that night, later
        ("America/Los_Angeles", date(2026, 9, 1), "2026-10-01T07:00:00"),
        ("Europe/Berlin", date(2026, 10, 1), "2026-10-31T23:00:00"),  # winter time since the 25th
        ("Europe/Berlin", date(2026, 9, 1), "2026-09-30T22:00:00"),
        ("Asia/Kathmandu", date(2026, 10, 1), "2026-10-31T18:15:00"),
        ("UTC", date(2026, 10, 1), "2026-11-01T00:00:00"),
    ],
)
def test_a_month_is_over_at_its_midnight_in_the_tenants_zone(zone: str, month: date, over: str) -> None:
    tenant = billed_tenant(timezone=zone)
    spend(tenant, month)
    assert draft(tenant, month, now=at(over) - SECOND) is None
    assert draft(tenant, month, now=at(over)) is not None


def test_lines_are_the_usage_by_model_size_and_kind() -> None:
    tenant = billed_tenant()
    for model, size in ((PRO, "4K"), (FLASH, "1K"), (FLASH, "1K"), (FLASH, "512")):
        spend(tenant, model=model, size=size)
    spend(tenant, date(2026, 9, 1))
    spend(tenant, livemode=False)
    made = draft(tenant)
    assert made is not None
    found = [(line.number, line.model, line.image_size, line.kind, line.quantity, line.exact) for line in lines(made)]
    text, image = Decimal("0.0000155"), Decimal("0.06726")
    assert found == [
        (1, PRO, "4K", "text_input", 31, text), (2, PRO, "4K", "image_output", 1121, image),
        (3, FLASH, "512", "text_input", 31, text), (4, FLASH, "512", "image_output", 1121, image),
        (5, FLASH, "1K", "text_input", 62, 2 * text), (6, FLASH, "1K", "image_output", 2242, 2 * image),
    ]  # fmt: skip
    assert made.exact == 4 * (text + image)
    # each line is rounded once, half up: 0.00, 0.07, 0.00, 0.07, 0.00, 0.13
    assert made.net == made.total == Decimal("0.27")


def test_a_draft_is_made_once_and_follows_its_month() -> None:
    tenant = billed_tenant()
    spend(tenant)
    first = draft(tenant)
    spend(tenant)
    second = draft(tenant)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert second.exact == 2 * first.exact
    assert (
        one("owner", "SELECT count(*) FROM events_event WHERE subject = %s AND type = 'invoice.drafted'", first.id) == 1
    )


def test_a_month_without_usage_has_no_invoice_unless_the_setting_says_so(settings: Any) -> None:
    tenant = billed_tenant()
    assert draft(tenant) is None
    spend(tenant, livemode=False)
    assert draft(tenant) is None
    settings.INVOICE_EMPTY_MONTHS = True
    month = running_month()  # the first of which the tenant was there at its end
    made = draft(tenant, month, now=at(f"{(month + timedelta(days=32)).replace(day=1)}T00:00:00"))
    assert made is not None
    assert made.total == 0


def test_all_tenants_of_a_month_are_drafted_by_one_call() -> None:
    tenants = [billed_tenant() for _ in range(3)]
    for tenant in tenants:
        spend(tenant, date(2026, 7, 1))
    with acting_as("operator"):
        assert invoices_draft(month=date(2026, 7, 1)) >= 3
        assert Invoice.objects.filter(tenant__in=tenants, month=date(2026, 7, 1)).count() == 3
        assert invoices_draft(month=date(2026, 7, 1)) == 0


def test_whoever_gets_no_invoices_gets_none() -> None:
    tenant = billed_tenant(invoiced=False)
    spend(tenant)
    assert draft(tenant) is None


def test_corrections_of_the_ledger_are_lines_of_the_month_in_which_they_were_made() -> None:
    tenant = billed_tenant()
    spend(tenant, usage={"image_output": 1_000_000})
    refund = correct(tenant, "1.5", at=at("2026-10-31T23:59:59"), kind="refund", reason="Two bad pictures")
    debit = correct(tenant, "-2.004", at=at("2026-10-02T00:00:00"))
    correct(tenant, "7", at=at("2026-11-01T00:00:00"))
    invoice = finalise(tenant)
    found = [
        (line.type, line.description, line.exact, line.amount, line.ledger_transaction_id)
        for line in lines(invoice)
        if line.type != "usage"
    ]
    assert found == [
        ("adjustment", "Goodwill", Decimal("2.004"), Decimal("2.00"), debit),
        ("refund", "Two bad pictures", Decimal("-1.5"), Decimal("-1.50"), refund),
    ]
    assert (invoice.exact, invoice.net) == (Decimal("60.504"), Decimal("60.50"))


def test_a_correction_stands_on_one_invoice_only() -> None:
    tenant = billed_tenant()
    correct(tenant, "-3", at=at("2026-08-20T00:00:00"))
    spend(tenant, date(2026, 8, 1))
    spend(tenant)
    assert types(finalise(tenant, date(2026, 8, 1))) == ["usage", "usage", "adjustment"]
    assert types(finalise(tenant)) == ["usage", "usage"]


def test_corrections_worth_more_than_the_usage_wait_for_the_next_invoice() -> None:
    tenant = billed_tenant()
    correct(tenant, "1", at=at("2026-08-20T00:00:00"))
    spend(tenant, date(2026, 8, 1))
    spend(tenant, usage={"image_output": 1_000_000})
    first = finalise(tenant, date(2026, 8, 1))
    assert (first.net, types(first)) == (Decimal("0.07"), ["usage", "usage"])
    assert finalise(tenant).net == Decimal("59.00")


def test_a_currency_without_minor_unit_is_rounded_to_whole_ones() -> None:
    tenant = billed_tenant(currency="JPY", balance=1000)
    spend(tenant, usage={"image_output": 1_541_666})  # 92.49996
    made = draft(tenant)
    assert made is not None
    assert (made.digits, made.exact, made.net) == (0, Decimal("92.49996"), Decimal(92))


def test_what_is_late_goes_into_the_next_open_month() -> None:
    tenant = billed_tenant()
    spend(tenant)
    invoice = finalise(tenant)
    late = spend(tenant)
    assert fresh(invoice.id).exact == invoice.exact
    billed = one("owner", "SELECT billing_date FROM billing_charge WHERE generation_id = %s", late)
    today = one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date")
    assert billed == today
    assert one("owner", "SELECT billing_date FROM billing_usagerecord WHERE generation_id = %s LIMIT 1", late) == today


def test_what_settles_in_the_grace_time_belongs_to_the_month_that_accepted_it() -> None:
    tenant = billed_tenant(timezone="Pacific/Kiritimati")
    assert draft(tenant) is None
    charged = spend(tenant)
    assert (
        str(one("owner", "SELECT billing_date FROM billing_charge WHERE generation_id = %s", charged)) == "2026-10-31"
    )


def types(invoice: Invoice) -> list[str]:
    return [line.type for line in lines(invoice)]


def test_a_month_of_corrections_alone_has_an_invoice_also_after_a_void() -> None:
    tenant = billed_tenant()
    correct(tenant, "-3", at=at("2026-10-20T00:00:00"))
    invoice = finalise(tenant)
    assert (types(invoice), invoice.total) == (["adjustment"], Decimal(3))
    with acting_as("operator"):
        again = invoice_void(invoice_id=invoice.id, reason="Wrong", actor=SYSTEM)
    assert (types(again), again.replaces_id) == (["adjustment"], invoice.id)
