"""Numbers and dates of documents: the issuing company's zone, no hole and no step back, also over a new year's eve."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.utils import timezone

from accounts.actor import SYSTEM
from billing.credit_notes.services import credit_note_issue
from billing.errors import ValuesInvalid
from billing.invoices.services import invoice_finalise
from billing.models import Invoice, LegalEntity, NumberSeries
from billing.parties.services import legal_entity_update
from billing.reconcile import Scope, books_checks, snapshot
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import at, billed_tenant, draft, fresh, make_entity, spend
from tests.generations.helpers import rows
from tests.races import function_without, until, waited_for
from tests.walls.catalog import connected

ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns")
SEPTEMBER = date(2026, 9, 1)


def issue(entity: LegalEntity, zone: str, now: str, month: date = SEPTEMBER) -> Invoice:
    """An invoice of a tenant in that zone, finalised at that time (UTC)."""
    tenant = billed_tenant(entity=entity, timezone=zone)
    spend(tenant, month, usage={"image_output": 1_000_000})
    drafted = draft(tenant, month)
    assert drafted is not None
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id, now=at(now))
    return fresh(drafted.id)


def gaps(entity: LegalEntity) -> int:
    with snapshot() as books:
        [check] = [check for check in books_checks() if check.name == "invoice_numbers"]
        found = books.run(check, Scope(), most=1000)
    return sum(str(row["subject"]).startswith(entity.name) for row in found.rows)


@pytest.mark.parametrize(
    ("zone", "restart", "numbers"),
    [
        # 17:00 UTC: the new year has begun in Kiritimati alone, whose tenants get numbers of the company's old year
        ("UTC", False, ["EX-2026-000001", "EX-2026-000002", "EX-2026-000003", "EX-2027-000004", "EX-2027-000005"]),
        ("UTC", True, ["EX-2026-000001", "EX-2026-000002", "EX-2026-000003", "EX-2027-000001", "EX-2027-000002"]),
        ("Pacific/Kiritimati", True, [f"EX-2027-00000{n}" for n in range(1, 6)]),
        ("America/St_Johns", True, [*(f"EX-2026-00000{n}" for n in range(1, 5)), "EX-2027-000001"]),
    ],
)
def test_a_new_years_eve(zone: str, restart: bool, numbers: list[str]) -> None:
    entity = make_entity(
        name=f"Eve {zone} {restart}", invoice_prefix="EX-{year}-", credit_note_prefix="CN-{year}-", timezone=zone,
        numbers_restart=restart,
    )  # fmt: skip
    times = ["2026-12-31T17:00"] * 3 + ["2027-01-01T03:00", "2027-01-01T03:31"]
    invoices = [
        issue(entity, tenant_zone, now)
        for tenant_zone, now in zip((*ZONES, "Pacific/Kiritimati", "America/St_Johns"), times, strict=True)
    ]

    assert [invoice.number for invoice in invoices] == numbers
    dates = [invoice.issued_on for invoice in invoices]
    assert dates == sorted(day for day in dates if day is not None)
    assert [f"{invoice.issued_on:%Y}" for invoice in invoices] == [number[3:7] for number in numbers]
    notes = []
    for invoice, now in zip(invoices[:3], ("2026-12-31T23:00", "2027-01-01T03:00", "2027-01-01T10:00"), strict=True):
        with acting_as("operator"):
            notes.append(credit_note_issue(invoice_id=invoice.id, reason="x", actor=SYSTEM, now=at(now)))
    years = [f"{note.issued_on:%Y}" for note in notes]
    assert years == sorted(years)
    restarted = [years[:place].count(year) + 1 for place, year in enumerate(years)]
    assert [note.number for note in notes] == [
        f"CN-{year}-{(restarted[place] if restart else place + 1):06}" for place, year in enumerate(years)
    ]
    assert gaps(entity) == 0


def test_months_of_a_prefix_restart_too_and_come_back_where_they_were() -> None:
    entity = make_entity(invoice_prefix="JP-{year}{month}-", timezone="Asia/Tokyo", numbers_restart=True)
    assert issue(entity, "UTC", "2027-03-31T14:59").number == "JP-202703-000001"
    assert issue(entity, "Pacific/Kiritimati", "2027-03-31T15:00").number == "JP-202704-000001"
    # a clock that is behind gets no date, and no month, that is over
    late = issue(entity, "UTC", "2027-03-31T10:00")
    assert (late.number, late.issued_on) == ("JP-202704-000002", date(2027, 4, 1))
    with acting_as("operator"):
        series = NumberSeries.objects.filter(legal_entity=entity).order_by("series")
        assert [(row.series, row.issued) for row in series] == [("JP-202703-", 1), ("JP-202704-", 2)]


WITHOUT_LOCK = (
    (
        """    UPDATE billing_legalentity
    SET invoices_issued = invoices_issued + (p_document = 'invoices')::int,
        credit_notes_issued = credit_notes_issued + (p_document = 'credit_notes')::int,
        receipts_issued = receipts_issued + (p_document = 'receipts')::int
    WHERE id = p_entity RETURNING * INTO STRICT entity;""",
        "    SELECT * INTO STRICT entity FROM billing_legalentity WHERE id = p_entity;",
    ),
)


@pytest.mark.parametrize(
    ("guard", "dated"),
    [
        (nullcontext, date(2027, 1, 1)),
        (lambda: function_without("number_assign", *WITHOUT_LOCK), date(2026, 12, 31)),
    ],
    ids=["locked", "twin"],
)
def test_who_waited_over_midnight_is_not_dated_back(
    guard: Callable[[], AbstractContextManager[None]], dated: date
) -> None:
    entity = make_entity()
    query = "SELECT issued_on FROM number_assign(%s, 'invoices', %s::timestamptz)"
    later: list[Any] = []

    def behind() -> None:
        try:
            later.extend(rows("owner", query, entity.id, "2026-12-31T23:59:59Z"))
        finally:
            connections.close_all()

    with guard():
        connection: psycopg.Connection[Any]
        with connected("owner") as connection, connection.transaction():
            connection.execute(query, [entity.id, "2027-01-01T00:00:01Z"])
            thread = threading.Thread(target=behind)
            thread.start()
            until(lambda: waited_for(connection))
        thread.join(30)
    assert [row["issued_on"] for row in later] == [dated]


def test_the_counter_is_changed_where_no_number_can_come_twice() -> None:
    entity = make_entity(invoice_prefix="EX-{year}-")
    tenant = billed_tenant(entity=entity)
    spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id)  # today
        with pytest.raises(ValuesInvalid) as refused:
            legal_entity_update(legal_entity_id=entity.id, actor=SYSTEM, numbers_restart=True)
        assert "EX-20" in str(refused.value.errors[0].detail)
        changed = legal_entity_update(
            legal_entity_id=entity.id, actor=SYSTEM, numbers_restart=True, invoice_prefix="EY-{year}-"
        )
        assert changed is not None
    year = f"{timezone.now():%Y}"
    again = issue(entity, "UTC", f"{year}-12-31T10:00")
    assert (again.number, again.net) == (f"EY-{year}-000001", Decimal("60.00"))
