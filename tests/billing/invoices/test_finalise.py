"""The number: given once, without gaps, whatever runs beside it or is rolled back; and what then cannot be changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction

from billing.errors import InvoiceRefused
from billing.invoices.services import invoice_finalise, invoices_finalise
from billing.models import Invoice, LegalEntity
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    OCTOBER,
    SECOND,
    at,
    balances,
    billed_tenant,
    draft,
    events,
    finalise,
    fresh,
    hold,
    lines,
    make_entity,
    spend,
)
from tests.generations.helpers import in_threads, one, rows
from tests.races import function_without

SUMMER = date(2026, 6, 1)


def drafts_of(entity: LegalEntity, count: int, month: date = OCTOBER) -> list[UUID]:
    found = []
    for _ in range(count):
        tenant = billed_tenant(entity=entity)
        spend(tenant, month)
        made = draft(tenant, month)
        assert made is not None
        found.append(made.id)
    return found


def numbers(invoices: Sequence[UUID]) -> list[int]:
    return sorted(fresh(invoice).series_number or 0 for invoice in invoices)


def test_a_number_has_the_companys_form() -> None:
    entity = make_entity(invoice_prefix="CAV-{year}-{month}/", number_digits=4)
    [first] = drafts_of(entity, 1)
    with acting_as("operator"):
        answer = invoice_finalise(invoice_id=first, now=at("2026-12-31T23:00:00"))
    assert answer == {"code": "finalised", "number": "CAV-2026-12/0001"}
    invoice = fresh(first)
    assert (invoice.status, invoice.number, invoice.issued_on) == ("paid", "CAV-2026-12/0001", date(2026, 12, 31))
    assert events(first) == ["invoice.drafted", "invoice.finalised", "invoice.paid"]


def test_numbers_have_no_gap_when_many_are_given_at_once_and_some_fail() -> None:
    entity = make_entity()
    drafted = drafts_of(entity, 12)
    broken = set(drafted[::3])

    def give(invoice: UUID) -> None:
        try:
            with acting_as("operator"), transaction.atomic(using="operator"):
                invoice_finalise(invoice_id=invoice)
                if invoice in broken:
                    raise RuntimeError
        except (RuntimeError, InvoiceRefused):
            pass
        finally:
            connections["operator"].close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(give, drafted * 2))
    assert numbers([invoice for invoice in drafted if invoice not in broken]) == list(range(1, 9))
    assert {fresh(invoice).status for invoice in broken} == {"draft"}
    with acting_as("operator"):
        for invoice in broken:
            invoice_finalise(invoice_id=invoice)
        assert LegalEntity.objects.get(id=entity.id).invoices_issued == 12
    assert numbers(drafted) == list(range(1, 13))


READ_FIRST = (
    (
        "UPDATE billing_legalentity",
        """SELECT * INTO STRICT entity FROM billing_legalentity WHERE id = p_entity;
    PERFORM pg_sleep(0.2);
    UPDATE billing_legalentity""",
    ),
    ("SET invoices_issued = invoices_issued +", "SET invoices_issued = entity.invoices_issued +"),
    ("SET issued = s.issued + 1", "SET issued = excluded.issued"),
)
"""What `number_assign` does in one statement, under the lock that it keeps, as two: read, then write."""


@pytest.mark.parametrize(
    ("guard", "given"),
    [(nullcontext, [1, 2]), (lambda: function_without("number_assign", *READ_FIRST), [1, 1])],
    ids=["locked", "twin"],
)
def test_two_at_once_get_two_numbers(guard: Callable[[], AbstractContextManager[None]], given: list[int]) -> None:
    entity = make_entity()
    together = Barrier(2)

    def assign(_: int) -> int:
        together.wait(timeout=30)
        query = "SELECT series_number FROM number_assign(%s, 'invoices', '2026-10-31')"
        return int(one("owner", query, entity.id))

    with guard():
        assert sorted(in_threads(2, assign, range(2))) == given


def test_an_invoice_is_finalised_once() -> None:
    tenant = billed_tenant()
    spend(tenant)
    invoice = finalise(tenant)
    before = balances(tenant)
    with acting_as("operator"), pytest.raises(InvoiceRefused) as refused:
        invoice_finalise(invoice_id=invoice.id)
    assert (refused.value.reason, refused.value.facts) == ("not_draft", {"status": "paid", "number": invoice.number})
    assert balances(tenant) == before


def test_an_open_period_is_refused_and_nothing_is_closed() -> None:
    tenant = billed_tenant(timezone="America/Los_Angeles")
    spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    ends = at("2026-11-01T07:00:00")
    with acting_as("operator"), pytest.raises(InvoiceRefused) as refused:
        invoice_finalise(invoice_id=drafted.id, now=ends - SECOND)
    assert refused.value.reason == "period_open"
    assert refused.value.facts["ends_at"].startswith("2026-11-01T07:00:00")
    assert one("owner", "SELECT count(closed_at) FROM billing_billingperiod WHERE tenant_id = %s", tenant.id) == 0
    assert fresh(drafted.id).status == "draft"


def test_late_jobs_are_waited_for_during_the_grace_time() -> None:
    tenant = billed_tenant()
    spend(tenant, SUMMER)
    drafted = draft(tenant, SUMMER)
    assert drafted is not None
    ends = at("2026-07-01T00:00:00")
    with acting_as("operator"):
        invoices_finalise(month=SUMMER, now=ends + timedelta(hours=6) - SECOND)
    assert fresh(drafted.id).status == "draft"
    hold(tenant, SUMMER, Decimal(1))  # it never ends: the invoice does not wait for it any longer
    with acting_as("operator"):
        invoices_finalise(month=SUMMER, now=ends + timedelta(hours=6))
    assert fresh(drafted.id).status == "paid"


def test_closing_goes_on_where_it_was_killed_and_two_share_the_work() -> None:
    entity = make_entity()
    month = date(2026, 5, 1)
    drafted = drafts_of(entity, 6, month)
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted[0])

    def close() -> int:
        try:
            with acting_as("operator"):
                return invoices_finalise(month=month)
        finally:
            connections["operator"].close()

    with connections["owner"].cursor() as cursor, transaction.atomic(using="owner"):
        cursor.execute("SELECT 1 FROM billing_invoice WHERE id = %s FOR UPDATE", [drafted[1]])  # another one's work
        with ThreadPoolExecutor(2) as threads:
            counts = list(threads.map(lambda _: close(), range(2)))
    assert sum(counts) == 4
    assert close() == 1
    assert numbers(drafted) == [1, 2, 3, 4, 5, 6]


def test_without_a_company_that_issues_it_an_invoice_stays_a_draft() -> None:
    tenant = billed_tenant()
    spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    default = "UPDATE billing_legalentity SET is_default = %s WHERE id = ANY (%s)"
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE billing_billingprofile SET legal_entity_id = NULL WHERE tenant_id = %s", [tenant.id])
        # Another test may have left a company that issues whatever has no other.
        cursor.execute("SELECT id FROM billing_legalentity WHERE is_default")
        others = [row[0] for row in cursor.fetchall()]
        cursor.execute(default, [False, others])
        try:
            with acting_as("operator"), pytest.raises(InvoiceRefused) as refused:
                invoice_finalise(invoice_id=drafted.id)
        finally:
            cursor.execute(default, [True, others])
    assert refused.value.reason == "no_legal_entity"


def test_what_the_invoice_says_of_the_parties_does_not_follow_them() -> None:
    tenant = billed_tenant(name="Alte Firma AG", address="Weg 1", tax_id="DE1", tax_rate=Decimal(19), tax_label="VAT")
    spend(tenant)
    invoice = finalise(tenant)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE billing_billingprofile SET name = 'Neu', tax_rate = 7 WHERE tenant_id = %s", [tenant.id])
    kept = fresh(invoice.id)
    assert kept.customer["name"] == "Alte Firma AG"
    assert kept.issuer["name"] == "Cavendish Pictures GmbH"
    assert (kept.tax_rate, kept.net, kept.tax, kept.total) == (
        Decimal(19),
        Decimal("0.07"),
        Decimal("0.01"),
        Decimal("0.08"),
    )


@pytest.mark.parametrize("alias", ["default", "operator", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_invoice SET total = total + 1, net = net + 1, amount_due = amount_due + 1 WHERE id = %s",
        "UPDATE billing_invoice SET number = 'X' WHERE id = %s",
        "UPDATE billing_invoice SET customer = '{}' WHERE id = %s",
        "UPDATE billing_invoice SET status = 'draft' WHERE id = %s",
        "UPDATE billing_invoice SET status = 'finalised' WHERE id = %s",
        "DELETE FROM billing_invoice WHERE id = %s",
        "UPDATE billing_invoiceline SET amount = 0 WHERE invoice_id = %s",
        "DELETE FROM billing_invoiceline WHERE invoice_id = %s",
        """INSERT INTO billing_invoiceline (tenant_id, invoice_id, number, type, model, image_size, kind, description,
               records, quantity, images, exact, amount)
           SELECT tenant_id, id, 99, 'usage', '', '', '', '', 0, 0, 0, 1, 1 FROM billing_invoice WHERE id = %s""",
        "TRUNCATE billing_invoice CASCADE",
        "TRUNCATE billing_invoiceline CASCADE",
    ],
)
def test_an_issued_invoice_cannot_be_changed_by_anybody(issued: Invoice, alias: str, statement: str) -> None:
    before = (rows("owner", "SELECT * FROM billing_invoice WHERE id = %s", issued.id), len(lines(issued)))
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(issued.tenant_id)])
        with pytest.raises(DatabaseError):
            cursor.execute(statement, [issued.id] if "%s" in statement else [])
        transaction.set_rollback(True, using=alias)
    assert (rows("owner", "SELECT * FROM billing_invoice WHERE id = %s", issued.id), len(lines(issued))) == before


@pytest.fixture(scope="module")
def issued(django_db_setup: None) -> Invoice:
    tenant = billed_tenant()
    spend(tenant)
    return finalise(tenant)


@pytest.mark.parametrize("column", ["invoices_issued", "credit_notes_issued"])
@pytest.mark.parametrize("step", ["+ 2", "- 1"])
def test_a_companys_counters_cannot_be_set(column: str, step: str) -> None:
    entity = make_entity(**{column: 5})
    for alias in ("operator", "owner"):
        with pytest.raises(DatabaseError), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute(f"UPDATE billing_legalentity SET {column} = {column} {step} WHERE id = %s", [entity.id])
