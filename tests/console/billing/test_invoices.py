"""Invoices and credit notes in the console: lines that add up, files, how to pay, the month that runs."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest

from accounts.actor import SYSTEM
from accounts.models import Role
from billing.credit_notes.services import credit_note_issue
from billing.invoices.documents import invoice_document
from billing.models import CreditNote, Invoice, Receipt
from billing.parties.services import billing_profile_update
from billing.receipts.services import receipts_create
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.storage import objects
from tests.billing.holds import take
from tests.billing.invoices.helpers import OCTOBER, billed_tenant, draft, finalise, make_entity, spend
from tests.console.colleagues import Team
from tests.people.visitors import shown

BANK = "IBAN DE02 1203 0000 0000 2020 51"


def path(invoice: Invoice, part: str = "") -> str:
    return f"/console/billing/invoices/{ids.encode(ids.INVOICE, invoice.id)}/{part}"


@pytest.fixture
def owing() -> Invoice:
    tenant = billed_tenant(balance=0, credit_limit=1000, entity=make_entity(bank_details=BANK))
    spend(tenant, usage={"image_output": 1_000_140, "text_input": 1234})
    invoice = finalise(tenant)
    invoice.tenant = tenant
    return invoice


def test_an_invoice_adds_up_and_says_how_to_pay_it(owing: Invoice) -> None:
    owner = Team(owing.tenant).member()
    page = shown(owner.get(path(owing)))
    assert "$60.01 to pay by" in page or "$60.01 overdue" in page
    lines = re.findall(r'<td class="r">(−?[\d.,]+)</td></tr>', page.split('class="facts facts-money sums"')[0])
    assert sum(Decimal(line.replace("−", "-")) for line in lines) == owing.total
    assert "3.1 Flash · " in page, "a model's short name, as everywhere"
    assert "1\u202f000\u202f140 tokens" in page
    assert BANK in page
    assert f'data-copy="{owing.number}"' in page
    overview = shown(owner.get("/console/billing/"))
    assert f"Invoice {owing.number}" in overview
    assert path(owing) in overview


def test_its_pdf_is_the_stored_one_and_stays_the_same(owing: Invoice) -> None:
    finance = Team(owing.tenant).member(Role.BILLING)
    first, second = finance.get(path(owing, "pdf")), finance.get(path(owing, "pdf"))
    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content == b"".join(objects().read(invoice_document(owing).storage_key))
    assert first["Content-Disposition"].startswith("inline")


def test_its_csv_sums_to_the_total(owing: Invoice) -> None:
    answer = Team(owing.tenant).member().get(path(owing, "csv"))
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert sum(Decimal(row["amount"]) for row in rows) == owing.total


def test_a_line_leads_to_its_jobs(owing: Invoice) -> None:
    team = Team(owing.tenant)
    page = shown(team.member().get(path(owing, "lines/1/")))
    assert page.count("/console/jobs/gen_") == 1
    assert "/console/jobs/gen_" not in shown(team.member(Role.BILLING).get(path(owing, "lines/1/")))
    assert team.member().get(path(owing, "lines/99/")).status_code == 404


def test_the_list_is_filtered_and_downloaded(owing: Invoice) -> None:
    owner = Team(owing.tenant).member()
    assert str(owing.number) in shown(owner.get("/console/billing/invoices/"))
    assert "Nothing matches" in shown(owner.get("/console/billing/invoices/?status=paid"))
    assert "Nothing matches" in shown(owner.get("/console/billing/invoices/?year=2020"))
    assert owner.get("/console/billing/invoices/?year=soon").status_code == 400
    answer = owner.get("/console/billing/invoices/csv")
    [row] = csv.DictReader(StringIO(answer.content.decode()))
    assert (row["number"], row["total"]) == (owing.number, "60.010000000")


def test_a_draft_says_so() -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant)
    row = draft(tenant)
    assert row is not None
    owner = Team(tenant).member()
    page = shown(owner.get(path(row)))
    assert f"Draft of {OCTOBER:%B %Y}" in page
    assert owner.get(path(row, "pdf")).content.startswith(b"%PDF")


def test_the_month_that_runs_is_previewed() -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant, datetime.now(UTC).date(), {"image_output": 500_000})
    page = shown(Team(tenant).member().get("/console/billing/invoices/preview/"))
    assert f"{datetime.now(UTC):%B %Y} so far: $30.00" in page
    assert "as it would be if the month ended now" in page


def test_a_credit_note_has_its_page_and_its_file(owing: Invoice) -> None:
    with acting_as("operator"):
        note = credit_note_issue(invoice_id=owing.id, reason="Two bad pictures", actor=SYSTEM, lines=None)
    owner = Team(owing.tenant).member()
    address = f"/console/billing/credit-notes/{ids.encode(ids.CREDIT_NOTE, note.id)}/"
    assert address in shown(owner.get("/console/billing/credit-notes/"))
    page = shown(owner.get(address))
    assert f"{note.number}: $60.01" in page
    assert "Two bad pictures" in page
    assert owner.get(f"{address}pdf").content.startswith(b"%PDF")
    assert address in shown(owner.get(path(owing)))
    with acting_as("operator"):
        assert CreditNote.objects.filter(tenant=owing.tenant).count() == 1


def test_another_tenants_invoice_is_not_there(owing: Invoice) -> None:
    stranger = Team(billed_tenant(balance=1)).member()
    for part in ("", "pdf", "csv", "lines/1/"):
        assert stranger.get(path(owing, part)).status_code == 404, part


def test_a_month_that_is_over_can_be_previewed() -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant, OCTOBER, usage={"image_output": 100_000})
    owner = Team(tenant).member()
    page = shown(owner.get("/console/billing/invoices/preview/?month=2026-10"))
    assert "October 2026, made now: $6.00" in page
    assert "so far" in shown(owner.get("/console/billing/invoices/preview/"))
    assert owner.get("/console/billing/invoices/preview/?month=2099-01").status_code == 404


def test_receipts_of_top_ups_are_listed_and_shown() -> None:
    tenant = billed_tenant(balance="12.5", entity=make_entity())
    while receipts_create():  # of other tests, too
        pass
    owner = Team(tenant).member()
    with acting_as("operator"):
        receipt = Receipt.objects.get(tenant=tenant)
    page = shown(owner.get("/console/billing/receipts/"))
    assert receipt.number in page
    assert "$12.50" in page
    assert receipt.number not in shown(owner.get("/console/billing/receipts/?since=2099-01-01"))
    pdf = f"/console/billing/receipts/{ids.encode(ids.RECEIPT, receipt.id)}/pdf"
    assert owner.get(pdf)["Content-Type"] == "application/pdf"
    stranger = Team(billed_tenant(balance=1)).member()
    assert "$12.50" not in shown(stranger.get("/console/billing/receipts/"))
    assert stranger.get(pdf).status_code == 404


def test_tax_that_is_kept_back_stands_in_the_sum_of_the_wallet() -> None:
    tenant = billed_tenant(balance=10)
    with acting_as("operator"):
        billing_profile_update(tenant_id=tenant.id, actor=SYSTEM, tax_rate=Decimal(19))
    take(tenant, amount=2)
    page = shown(Team(tenant).member().get("/console/billing/"))
    assert "Kept back for tax, 19 % of what is held or on no invoice yet" in page
    assert "7.62" in page.partition("Free to spend")[2][:200]
