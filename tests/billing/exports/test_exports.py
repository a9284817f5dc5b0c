"""Files of the books over HTTP: the same figures in each of them, in the style that is asked for, whose they are."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.payments import payment_record
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.billing.invoices.callers import Caller, key_of
from tests.billing.invoices.helpers import at, balances, billed_tenant, correct, finalise, spend, yesterday
from tests.factories import FLASH, PRO, make_operator_key, make_tenant
from tests.generations.helpers import one, rows

OCTOBER = date(2026, 10, 1)
MONTH = "from=2026-10-01&to=2026-11-01"


@pytest.fixture(scope="module")
def tenant(django_db_setup: None) -> Tenant:
    """A month of two models that was invoiced, partly due and partly paid; a formula for a reason."""
    tenant = billed_tenant(balance=1, credit_limit=1000, tax_rate=Decimal(19), timezone="Asia/Kathmandu")
    spend(tenant, OCTOBER, {"text_input": 31, "image_output": 100_000})
    spend(tenant, OCTOBER, {"text_input": 31, "image_output": 200_001}, model=PRO, size="2K")
    correct(tenant, "0.5", at=at("2026-10-20T00:00:00"), reason="=HYPERLINK(1)")
    invoice = finalise(tenant, OCTOBER)
    with acting_as("operator"):
        payment_record(
            invoice_id=invoice.id,
            amount=Decimal("1.01"),
            received_on=yesterday(),
            reference="BANK-1",
            actor=SYSTEM,
        )
    return tenant


@pytest.fixture(scope="module")
def caller(tenant: Tenant) -> Caller:
    return key_of(tenant)


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Caller:
    return Caller(make_operator_key())


def raw(caller: Caller, path: str) -> bytes:
    answer = caller.ask("get", path)
    content = answer.getvalue()
    assert answer.status_code == 200, content
    return bytes(content)


def table(caller: Caller, path: str) -> list[dict[str, str]]:
    text = raw(caller, path).decode()
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text)))


def total(rows: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(row[name] or 0) for row in rows), Decimal(0))


def of(tenant: Tenant) -> str:
    return f"tenant_id={ids.encode(ids.TENANT, tenant.id)}"


def test_every_file_of_csv_opens_in_any_language(tenant: Tenant, caller: Caller) -> None:
    invoice = caller.get("invoices")["data"][0]["id"]
    style = "bom=true&delimiter=;&decimal=,"
    for path in (
        f"usage.csv?group_by=model&{MONTH}&", f"usage/records.csv?{MONTH}&", "ledger.csv?", "invoices.csv?",
        "payments.csv?", f"invoices/{invoice}.csv?", "journal.csv?from=2026-10-01&to=2027-01-01&",
        "wallet/statement.csv?month=2026-11&", f"usage/focus.csv?{MONTH}&",
    ):  # fmt: skip
        plain, styled = raw(caller, path), raw(caller, path + style)
        assert styled.startswith(b"\xef\xbb\xbf"), path
        assert not plain.startswith(b"\xef")
        rows = list(csv.reader(io.StringIO(plain.decode(), newline="")))
        again = list(csv.reader(io.StringIO(styled.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert len(rows) == len(again) > 1, path
        assert rows[0] == again[0]
        same = [[value.replace(",", ".") for value in row] for row in again[1:]]
        assert [[value.replace(",", ".") for value in row] for row in rows[1:]] == same
        assert any("," in value and value.replace(",", "").lstrip("-").isdigit() for row in again for value in row), (
            path
        )
    caller.refused("get", "ledger.csv?delimiter=,&decimal=,", None, 422, "invalid_request", "decimal sign")
    caller.refused("get", "usage.csv?group_by=day&delimiter=|", None, 422, "invalid_request", "tab")
    caller.refused("get", "invoices.csv?bom=yes&form=x", None, 422, "invalid_request", "true or false", "form")


def test_the_ledger_sums_to_the_balance_and_runs_no_formula(tenant: Tenant, caller: Caller, operator: Caller) -> None:
    rows = table(caller, "ledger.csv")
    assert total(rows, "amount") == balances(tenant)["wallet"]
    assert {row["kind"] for row in rows} == {"top_up", "charge", "adjustment", "invoice", "payment"}
    [goodwill] = table(caller, "ledger.csv?kind=adjustment")
    assert goodwill["reason"] == "'=HYPERLINK(1)"
    # days are the tenant's: midnight in Kathmandu is a quarter past six in UTC
    assert len(table(caller, "ledger.csv?from=2026-10-20&to=2026-10-21")) == 1
    assert table(caller, "ledger.csv?from=2026-10-21&to=2026-10-22") == []
    assert len(caller.get("ledger?from=2026-10-19T23:00:00Z&to=2026-10-20T01:00:00Z")["data"]) == 1
    assert caller.get("ledger?from=2026-10-21&to=2026-10-22")["data"] == []
    mine = table(operator, f"ledger.csv?{of(tenant)}")
    assert {(row["tenant"], row["actor"]) for row in mine if row["kind"] == "adjustment"} == {(tenant.name, "test")}
    assert total(mine, "amount") == total(rows, "amount")
    make_tenant()
    assert len(table(operator, "ledger.csv")) > len(mine)
    caller.refused("get", "ledger.csv?from=soon", None, 422, "invalid_request", "no date")
    caller.refused("get", f"ledger.csv?{of(tenant)}", None, 422, "invalid_request", "tenant_id")
    operator.json("get", f"ledger.csv?tenant_id=ten_{'0' * 32}", status=404)
    assert table(key_of(tenant, livemode=False), "ledger.csv") == []


def test_invoices_and_payments_are_listed_with_what_is_left(tenant: Tenant, caller: Caller, operator: Caller) -> None:
    [row] = table(caller, "invoices.csv")
    shown = caller.get("invoices")["data"][0]
    for name in ("number", "status", "issued_on", "due_on", "net", "tax", "total", "paid_from_balance", "amount_due"):
        value = shown["tax"]["amount"] if name == "tax" else shown[name]
        assert row[name] == value, name
    assert (row["month"], row["amount_paid"]) == ("2026-10", "1.01")
    assert Decimal(row["amount_left"]) == Decimal(row["amount_due"]) - Decimal("1.01")
    assert table(caller, "invoices.csv?status=paid") == []
    assert table(caller, "invoices.csv?to=2026-10-01") == []
    [payment] = table(caller, f"payments.csv?from={yesterday()}&to={timezone.now():%Y-%m-%d}")
    assert (payment["invoice_number"], payment["amount"], payment["reference"]) == (row["number"], "1.01", "BANK-1")
    assert table(caller, f"payments.csv?from={timezone.now():%Y-%m-%d}") == []
    [theirs] = table(operator, f"payments.csv?{of(tenant)}")
    assert theirs["tenant"] == tenant.name
    assert table(key_of(tenant, livemode=False), "invoices.csv") == []


def test_the_journal_balances_and_names_accounts(
    tenant: Tenant, caller: Caller, operator: Caller, settings: Any
) -> None:
    settings.JOURNAL_ACCOUNTS = ["revenue=4400"]
    path = f"journal.csv?from=2026-10-01&to=2027-01-01&{of(tenant)}"
    rows = table(operator, path)
    assert total(rows, "debit") == total(rows, "credit") > 0
    kept = balances(tenant)
    for account, amount in kept.items():
        those = [row for row in rows if row["account"] == account]
        assert total(those, "credit") - total(those, "debit") == amount, account
    numbers = {row["account"]: row["account_number"] for row in rows}
    assert (numbers["revenue"], numbers["wallet"], numbers["tax"]) == ("4400", "1710", "1770")
    [invoiced] = {row["document"] for row in rows if row["kind"] == "invoice"}
    assert invoiced == caller.get("invoices")["data"][0]["number"]
    assert len([row for row in rows if (row["kind"], row["account"]) == ("charge", "revenue")]) == 1


def test_datev_takes_the_journal(tenant: Tenant, operator: Caller, settings: Any) -> None:
    settings.DATEV_CONSULTANT, settings.DATEV_CLIENT = 123456, 42
    path = f"journal.csv?format=datev&from=2026-10-01&to=2027-01-01&{of(tenant)}"
    answer = operator.ask("get", path)
    assert 'filename="EXTF_Buchungsstapel-2026-10-01.csv"' in answer["Content-Disposition"]
    lines = answer.getvalue().decode("cp1252").split("\r\n")
    assert lines.pop() == ""
    head = lines[0].split(";")
    assert (len(head), head[:5], head[10:16]) == (
        31, ['"EXTF"', "700", "21", '"Buchungsstapel"', "13"],
        ["123456", "42", "20260101", "4", "20261001", "20261231"],
    )  # fmt: skip
    columns, *rows = csv.reader(lines[1:], delimiter=";")
    assert {len(columns), *(len(row) for row in rows)} == {125}
    by_account: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row[0].replace(",", ".")) * (1 if row[1] == "H" else -1)
        by_account[row[6]] = by_account.get(row[6], Decimal(0)) + amount
        assert (row[7], len(row[9])) == ("1710", 4)
    kept = balances(tenant)
    for account, number in (("revenue", "8200"), ("funding", "1360"), ("tax", "1770"), ("receivable", "1410")):
        assert by_account.get(number, Decimal(0)) == round(kept.get(account, Decimal(0)), 2), account
    operator.refused("get", path.replace("2027-01-01", "2027-01-02"), None, 422, "invalid_request", "business year")
    operator.refused("get", path.replace("datev", "sage"), None, 422, "invalid_request", "plain, datev")


def test_a_wallets_month_opens_moves_and_closes(tenant: Tenant, caller: Caller, operator: Caller) -> None:
    now = f"{timezone.now().astimezone(ZoneInfo('Asia/Kathmandu')):%Y-%m}"
    found = caller.get(f"wallet/statement?month={now}")
    moved = sum((Decimal(row["amount"]) for row in found["movements"]), Decimal(0))
    assert Decimal(found["opening_balance"]) + moved == Decimal(found["closing_balance"])
    assert Decimal(found["closing_balance"]) == balances(tenant)["wallet"]
    assert (found["timezone"], found["opening_balance"]) == ("Asia/Kathmandu", "0.500000000")
    [charges] = [row for row in found["movements"] if row["kind"] == "charge"]
    assert (charges["jobs"], charges["transaction_id"]) == (2, None)
    assert found["movements"][-1]["balance"] == found["closing_balance"]
    assert Decimal(found["totals"]["charge"]) == Decimal(charges["amount"])
    october = caller.get("wallet/statement?month=2026-10")
    assert [row["reason"] for row in october["movements"]] == ["=HYPERLINK(1)"]
    assert (october["opening_balance"], october["closing_balance"]) == ("0.000000000", "0.500000000")
    lines = table(caller, f"wallet/statement.csv?month={now}")
    assert (lines[0]["kind"], lines[-1]["kind"]) == ("opening_balance", "closing_balance")
    assert total(lines, "amount") == moved
    assert operator.get(f"wallet/statement?month=2026-10&{of(tenant)}") == october
    operator.refused("get", "wallet/statement", None, 422, "invalid_request", "Name the tenant")
    caller.refused("get", "wallet/statement?month=October", None, 422, "invalid_request", "2026-11")


def test_focus_has_the_columns_and_the_same_sum(tenant: Tenant, caller: Caller, operator: Caller) -> None:
    rows = table(caller, f"usage/focus.csv?{MONTH}")
    usage = caller.get(f"usage?{MONTH}")["totals"]
    assert total(rows, "BilledCost") == Decimal(usage["amount"])
    assert {
        "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ListCost",
        "ContractedCost", "EffectiveCost", "PricingQuantity", "PricingUnit", "ServiceCategory", "SkuId", "ProviderName",
        "InvoiceIssuerName", "ConsumedQuantity", "ConsumedUnit", "ResourceId", "Tags", "BillingCurrency",
    } <= rows[0].keys()  # fmt: skip
    [row] = [row for row in rows if row["SkuId"] == f"{FLASH}/image_output/standard"]
    assert (row["ChargePeriodStart"], row["BillingPeriodStart"]) == ("2026-10-30T18:15:00Z", "2026-09-30T18:15:00Z")
    assert (row["ConsumedQuantity"], row["PricingQuantity"], row["ListUnitPrice"]) == ("100000", "0.1", "60")
    assert Decimal(row["BilledCost"]) == Decimal(row["PricingQuantity"]) * Decimal(row["ListUnitPrice"])
    assert "x_UpstreamCost" not in row
    assert "x_UpstreamCost" in table(operator, f"usage/focus.csv?{MONTH}&{of(tenant)}")[0]


def test_a_statement_of_usage_as_a_sheet_and_on_paper(tenant: Tenant, caller: Caller, operator: Caller) -> None:
    answer = caller.ask("get", "usage/statement.xlsx?group_by=model,size&month=2026-10")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    texts = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    shared = ["".join(item.itertext()) for item in texts]
    assert {"Model", "Size", "Amount", FLASH, PRO, "2K", tenant.name} <= set(shared)
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    amount = Decimal(caller.get(f"usage?{MONTH}")["totals"]["amount"])
    assert f"<v>{amount:f}</v>" in sheet
    paper = caller.ask("get", "usage/statement.pdf?group_by=metadata.team&month=2026-10")
    assert paper.content.startswith(b"%PDF-")
    assert paper["Content-Disposition"] == 'attachment; filename="usage.pdf"'
    assert (
        operator.ask("get", f"usage/statement.xlsx?group_by=tenant,key&month=2026-10&{of(tenant)}").status_code == 200
    )
    caller.refused("get", "usage/statement.pdf?month=2026-13", None, 422, "invalid_request", "2026-11")
    caller.refused("get", f"usage/statement.pdf?month=2026-10&{MONTH}", None, 422, "invalid_request", "a month, or")
    operator.json("get", f"usage/statement.pdf?tenant_id=ten_{'0' * 32}", status=404)


def test_records_keep_what_a_line_break_is_a_part_of(tenant: Tenant, caller: Caller) -> None:
    rows = table(caller, f"usage/records.csv?{MONTH}")
    assert total(rows, "amount") == one(
        "owner", "SELECT sum(amount) FROM billing_usagerecord WHERE tenant_id = %s", tenant.id
    )


def test_what_is_overdue_is_called_so_and_asked_for(operator: Caller) -> None:
    late = billed_tenant(balance=0, credit_limit=100)
    spend(late, OCTOBER)
    invoice = finalise(late, OCTOBER)
    assert table(operator, f"invoices.csv?status=overdue&{of(late)}") == []
    rows("owner", "ALTER TABLE billing_invoice DISABLE TRIGGER USER")
    rows("owner", "UPDATE billing_invoice SET due_on = current_date - 2 WHERE id = %s", invoice.id)
    rows("owner", "ALTER TABLE billing_invoice ENABLE TRIGGER USER")
    [row] = table(operator, f"invoices.csv?status=overdue&{of(late)}")
    assert (row["number"], row["status"]) == (invoice.number, "overdue")
    assert table(operator, f"invoices.csv?status=finalised&{of(late)}")[0]["status"] == "overdue"
