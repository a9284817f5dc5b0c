"""Credit notes and void invoices, and that nobody changes what was settled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from billing.errors import InvoiceRefused
from billing.invoices.representation import invoice_json
from billing.invoices.selectors import invoice_detail
from billing.invoices.services import invoice_finalise, invoices_finalise
from billing.money import ZERO
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    OCTOBER,
    balances,
    billed_tenant,
    events,
    finalise,
    fresh,
    lines,
    make_entity,
    profile_set,
    spend,
)
from tests.billing.invoices.settling import (
    SIXTY,
    VAT,
    credit,
    owing,
    pay,
    void,
)
from tests.generations.helpers import one


def test_a_credit_note_over_the_whole_takes_everything_back() -> None:
    tenant, invoice = owing()
    note = credit(invoice)
    assert (note.net, note.tax, note.total) == (Decimal("60.01"), Decimal("11.40"), Decimal("71.41"))
    assert (note.to_due, note.to_balance, note.number) == (Decimal("71.41"), ZERO, "CN-000001")
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["wallet"] == 0
    assert balances(tenant)["tax"] == 0
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice)
    assert refused.value.reason == "nothing_left"


def test_lines_are_credited_up_to_what_is_left_and_the_tax_goes_with_them() -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000, **VAT)
    spend(tenant, usage={"image_output": 1_000_140, "thought_output": 1_000_000})
    invoice = finalise(tenant)
    assert [(line.number, line.amount) for line in lines(invoice)] == [(1, Decimal("3.00")), (2, Decimal("60.01"))]
    pay(invoice, str(invoice.amount_due))
    first = credit(invoice, {1: "1.50", 2: "0.01"})
    assert (first.net, first.tax, first.to_due, first.to_balance) == (
        Decimal("1.51"), Decimal("0.29"), ZERO, Decimal("1.80"),
    )  # fmt: skip
    assert balances(tenant)["wallet"] == Decimal("1.80")
    before = balances(tenant)
    for wrong in ({1: "1.51"}, {1: "0"}, {1: "-1"}, {1: "0.001"}, {2: "60.01"}):
        with pytest.raises(InvoiceRefused) as refused:
            credit(invoice, wrong)
        assert refused.value.reason == "line_exceeded"
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice, {3: "1"})
    assert refused.value.reason == "line_unknown"
    assert balances(tenant) == before
    rest = credit(invoice)
    assert first.tax + rest.tax == invoice.tax
    assert first.total + rest.total == invoice.total


def test_a_credit_note_lowers_what_is_due_and_gives_back_the_rest() -> None:
    tenant, invoice = owing()
    pay(invoice, "70")
    note = credit(invoice, {1: "10"})
    assert (note.total, note.to_due, note.to_balance) == (Decimal("11.90"), Decimal("1.41"), Decimal("10.49"))
    assert fresh(invoice.id).status == "paid"
    assert balances(tenant)["wallet"] == Decimal("10.49")
    with acting_as("operator"):
        shown = invoice_json(invoice_detail(fresh(invoice.id)))
    credited = ("amount_paid", "amount_credited", "amount_credited_to_balance", "amount_left")
    assert [shown[name] for name in credited] == ["70.00", "11.90", "10.49", "0.00"]


def test_credit_notes_have_a_series_without_gaps_of_their_own() -> None:
    entity = make_entity(credit_note_prefix="G-{year}-")
    numbers = []
    for _ in range(3):
        _, invoice = owing(entity=entity)
        numbers.append(credit(invoice).number)
    assert numbers == [f"G-{timezone.now():%Y}-00000{number}" for number in (1, 2, 3)]


def test_credit_notes_at_once_never_credit_more_than_there_is() -> None:
    tenant, invoice = owing()

    def try_to_credit(_: int) -> bool:
        try:
            credit(invoice, {1: "25"})
        except InvoiceRefused:
            return False
        finally:
            connections["operator"].close()
        return True

    with ThreadPoolExecutor(5) as threads:
        assert sum(threads.map(try_to_credit, range(5))) == 2
    assert one("owner", "SELECT sum(net) FROM billing_creditnote WHERE invoice_id = %s", invoice.id) == 50
    assert balances(tenant)["wallet"] == Decimal("-71.41") + Decimal("59.50")


def test_a_void_invoice_keeps_its_number_and_its_month_is_drafted_again() -> None:
    tenant, invoice = owing(name="Old Ltd")
    before = balances(tenant)
    profile_set(tenant, name="New Ltd", tax_rate=None)
    drafted = void(invoice)
    assert (fresh(invoice.id).status, fresh(invoice.id).number) == ("void", invoice.number)
    assert (drafted.status, drafted.replaces_id, drafted.exact) == ("draft", invoice.id, invoice.exact)
    assert balances(tenant)["wallet"] == -invoice.exact
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id)
    again = fresh(drafted.id)
    assert (again.customer["name"], again.total) == ("New Ltd", Decimal("60.01"))
    assert (again.series_number, invoice.series_number) == (2, 1)
    assert balances(tenant)["revenue"] == before["revenue"]
    assert events(invoice.id)[-1] == "invoice.voided"


def test_a_prepaid_invoice_can_be_voided_too_and_gives_back_what_it_took() -> None:
    tenant = billed_tenant(balance=100, **VAT)
    spend(tenant, usage=SIXTY)
    before = balances(tenant)["wallet"]
    invoice = finalise(tenant)
    assert invoice.status == "paid"
    void(invoice)
    assert balances(tenant)["wallet"] == before


def test_what_was_paid_or_credited_cannot_be_voided_nor_a_draft_or_a_void_one() -> None:
    _, invoice = owing()
    pay(invoice, "1")
    _, credited = owing()
    credit(credited, {1: "1"})
    for settled in (invoice, credited):
        with pytest.raises(InvoiceRefused) as refused:
            void(settled)
        assert refused.value.reason == "settled"
    other, voided = owing()
    drafted = void(voided)
    for wrong, code in ((drafted, "draft"), (voided, "void")):
        for change in (void, credit, lambda it: pay(it, "1")):
            with pytest.raises(InvoiceRefused) as refused:
                change(wrong)
            assert refused.value.reason == code
    assert balances(other)["wallet"] == -voided.exact


def test_the_draft_after_a_void_waits_for_a_person() -> None:
    _, invoice = owing()
    drafted = void(invoice)
    with acting_as("operator"):
        invoices_finalise(month=OCTOBER)
    assert fresh(drafted.id).status == "draft"


@pytest.mark.parametrize("alias", ["default", "operator", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_payment SET amount = 1 WHERE invoice_id = %s",
        "DELETE FROM billing_payment WHERE invoice_id = %s",
        "UPDATE billing_creditnote SET reason = 'x' WHERE invoice_id = %s",
        "DELETE FROM billing_creditnote WHERE invoice_id = %s",
        "DELETE FROM billing_creditnoteline WHERE tenant_id = (SELECT tenant_id FROM billing_invoice WHERE id = %s)",
        "UPDATE billing_invoice SET status = 'void', voided_at = now() WHERE id = %s",
        "UPDATE billing_invoice SET status = 'paid', paid_at = now() WHERE id = %s",
    ],
)
def test_what_was_settled_cannot_be_changed_by_anybody(settled: UUID, alias: str, statement: str) -> None:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        tenant = one("owner", "SELECT tenant_id FROM billing_invoice WHERE id = %s", settled)
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        with pytest.raises(DatabaseError):
            cursor.execute(statement, [settled])
        transaction.set_rollback(True, using=alias)


@pytest.fixture(scope="module")
def settled(django_db_setup: None) -> UUID:
    """An invoice with a payment and a credit note, and something left."""
    _, invoice = owing()
    pay(invoice, "1")
    credit(invoice, {1: "1"})
    assert fresh(invoice.id).status == "finalised"
    return invoice.id
