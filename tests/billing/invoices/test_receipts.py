"""Each top-up has a receipt: numbered once, mailed once, no invoice. And rates by which VAT is in another currency."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import timezone
from pypdf import PdfReader

from billing.models import LedgerTransaction, LegalEntity, Receipt
from billing.receipts.services import receipt_issue, receipts_create
from billing.reconcile import Scope, books_checks, snapshot
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.billing.invoices.callers import Caller, key_of
from tests.billing.invoices.helpers import billed_tenant, finalise, make_entity, top_up
from tests.billing.invoices.test_e_invoice_files import buyer, public
from tests.billing.invoices.validation import ubl_faults
from tests.factories import make_operator_key


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Caller:
    return Caller(make_operator_key())


def make_all() -> None:
    while receipts_create():
        pass


def test_a_top_up_has_a_receipt(operator: Caller) -> None:
    entity = make_entity(receipt_prefix="RC-{year}-")
    tenant = billed_tenant(balance="1234.5", entity=entity, emails=["books@example.com"])
    make_all()
    make_all()
    caller = key_of(tenant)
    [receipt] = caller.get("receipts")["data"]
    year = timezone.now().year
    assert (receipt["number"], receipt["amount"], receipt["currency"]) == (f"RC-{year}-000001", "1234.50", "USD")
    assert caller.get(f"receipts/{receipt['id']}") == receipt
    paper = caller.ask("get", f"receipts/{receipt['id']}.pdf").content
    text = " ".join(PdfReader(io.BytesIO(paper)).pages[0].extract_text().split())
    assert "1,234.50 USD received" in text
    assert "no invoice: it shows no VAT" in text
    assert operator.ask("get", f"receipts/{receipt['id']}.pdf").content == paper
    with acting_as("operator"):
        [mail] = Mail.objects.filter(tenant_id=tenant.id)
    assert mail.subject == f"Receipt {receipt['number']} from Cavendish Pictures GmbH"
    assert "1,234.50 USD were added to your balance" in mail.text
    assert mail.attachments[0]["name"] == f"{receipt['number']}.pdf"
    assert key_of(tenant, livemode=False).get("receipts")["data"] == []
    assert caller.get("invoices/preview")["lines"] == []

    top_up(tenant, Decimal("0.001"))
    make_all()
    assert [row["number"][-1] for row in caller.get("receipts")["data"]] == ["2", "1"]


def test_who_wants_none_gets_none_and_old_top_ups_stay_without() -> None:
    entity = make_entity(receipts_from=None)
    tenant = billed_tenant(balance=1, entity=entity)
    make_all()
    with acting_as("operator"):
        LegalEntity.objects.filter(id=entity.id).update(receipts_from=timezone.now())
    top_up(tenant, Decimal(2))
    make_all()
    with acting_as("operator"):
        assert list(Receipt.objects.filter(tenant=tenant).values_list("amount", flat=True)) == [2]


def test_two_that_issue_one_at_once_give_one_number() -> None:
    entity = make_entity()
    tenant = billed_tenant(balance=5, entity=entity)
    with acting_as("operator"):
        [booked] = LedgerTransaction.objects.filter(tenant=tenant, kind="top_up").values_list("id", flat=True)

    def issue(_: int) -> bool:
        try:
            with acting_as("operator"):
                return receipt_issue(top_up_id=booked, tenant_id=tenant.id) is not None
        finally:
            connections["operator"].close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(issue, range(4))) == [False, False, False, True]
    with acting_as("operator"):
        assert LegalEntity.objects.get(id=entity.id).receipts_issued == 1


def test_vat_is_shown_in_the_currency_in_which_it_is_owed(operator: Caller) -> None:
    rate = {"currency": "CHF", "tax_currency": "EUR", "rate": "1.0652", "valid_from": "2026-01-01", "source": "ECB"}
    made = operator.json("post", "exchange-rates", rate, status=201)
    assert {name: made[name] for name in rate} == rate
    operator.refused("post", "exchange-rates", rate, 409, "rate_known")
    operator.json("post", "exchange-rates", {**rate, "rate": "9", "valid_from": "2099-01-01"}, status=201)
    for wrong in ({"rate": "0"}, {"currency": "XXX"}, {"valid_from": "yesterday"}):
        operator.refused("post", "exchange-rates", {**rate, **wrong}, 422, "invalid_request")
    assert made in operator.get("exchange-rates")["data"]

    tenant = buyer(company={"tax_currency": "EUR"}, currency="CHF")
    invoice = finalise(tenant)
    shown = key_of(tenant).get(f"invoices/{public(invoice)}")
    assert shown["tax"]["amount"] == "11.40"
    assert shown["tax"]["exchanged"] == {
        "currency": "EUR", "rate": "1.0652", "rate_on": "2026-01-01", "source": "ECB", "amount": "12.14",
    }  # fmt: skip
    xml = key_of(tenant).ask("get", f"invoices/{public(invoice)}.xml").content
    assert ubl_faults(xml) == []
    assert b'currencyID="EUR">12.14<' in xml


def test_a_hole_in_their_numbers_is_found() -> None:
    tenant = billed_tenant(balance="10")
    top_up(tenant, Decimal(20))
    make_all()
    before = numbers_differ()  # other tests falsify numbers of theirs
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE billing_receipt DISABLE TRIGGER USER")
        first = "DELETE FROM billing_receipt r WHERE tenant_id = %s AND series_number = 1 RETURNING to_jsonb(r)::text"
        cursor.execute(first, [tenant.id])
        (row,) = cursor.fetchone() or ("",)
        cursor.execute("ALTER TABLE billing_receipt ENABLE TRIGGER USER")
        try:
            assert numbers_differ() == before + 1
        finally:
            again = "INSERT INTO billing_receipt SELECT * FROM jsonb_populate_record(NULL::billing_receipt, %s::jsonb)"
            cursor.execute(again, [row])
    assert numbers_differ() == before


def numbers_differ() -> int:
    with snapshot() as books:
        [check] = [check for check in books_checks() if check.name == "invoice_numbers"]
        return books.run(check, Scope(), most=1).count
