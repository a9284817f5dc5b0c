"""`/api/v1/invoices` and what belongs to it: what tenants read, what operators do, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Scope, Tenant
from billing.invoices.pdf import invoice_content
from billing.models import Invoice
from cavendish.db import ids
from tests.billing.invoices.callers import Caller, audited, key_of
from tests.billing.invoices.helpers import (
    at,
    balances,
    billed_tenant,
    correct,
    draft,
    events,
    finalise,
    fresh,
    lines,
    spend,
)
from tests.factories import make_key, make_operator_key, make_tenant
from tests.generations.helpers import one, rows

Json = dict[str, Any]
VAT: Json = {"tax_rate": Decimal(19), "tax_label": "VAT"}
UNKNOWN = "inv_" + "0" * 32


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Caller:
    return Caller(make_operator_key())


@pytest.fixture(scope="module")
def tenant(django_db_setup: None) -> Tenant:
    """Postpaid, with VAT; October is invoiced: four jobs of two models, and a refund."""
    made = billed_tenant(balance=0, credit_limit=1000, emails=["a@example.com"], **VAT)
    for model in ("gemini-3-pro-image", "gemini-3.1-flash-image", "gemini-3.1-flash-image"):
        spend(made, model=model, usage={"image_output": 1_000_141, "text_input": 31})
    spend(made, size="4K", usage={"image_output": 2_000_001})
    correct(made, "1.2345", at=at("2026-10-20T00:00:00"), kind="refund", reason="=2+3 bad pictures")
    finalise(made)
    return made


@pytest.fixture(scope="module")
def issued(tenant: Tenant) -> Invoice:
    [found] = rows("owner", "SELECT id FROM billing_invoice WHERE tenant_id = %s", tenant.id)
    return fresh(found["id"])


@pytest.fixture(scope="module")
def caller(tenant: Tenant) -> Caller:
    return key_of(tenant)


def public(invoice: Invoice) -> str:
    return ids.encode(ids.INVOICE, invoice.id)


def test_an_invoice_shows_what_was_used_and_what_is_due(caller: Caller, issued: Invoice) -> None:
    shown = caller.get(f"invoices/{public(issued)}")
    assert caller.get("invoices")["data"] == [shown]
    assert (shown["status"], shown["number"], shown["month"]) == ("finalised", "INV-000001", "2026-10")
    assert shown["period"] == {"starts_on": "2026-10-01", "ends_on": "2026-10-31", "timezone": "UTC"}
    found = [(line["type"], line["exact_amount"], line["amount"]) for line in shown["lines"]]
    assert found == [
        ("usage", "0.000015500", "0.00"), ("usage", "60.008460000", "60.01"),
        ("usage", "0.000031000", "0.00"), ("usage", "120.016920000", "120.02"),
        ("usage", "120.000060000", "120.00"), ("refund", "-1.234500000", "-1.23"),
    ]  # fmt: skip
    assert shown["lines"][3] == {
        "number": 4, "type": "usage", "description": "Images", "model": "gemini-3.1-flash-image", "image_size": "1K",
        "kind": "image_output", "tier": "standard", "images": 2, "quantity": 2_000_282, "unit": "per_1m_tokens",
        "unit_price": "60.00", "exact_amount": "120.016920000", "amount": "120.02",
        "ledger_transaction_id": None, "generations_url": f"/api/v1/invoices/{public(issued)}/lines/4/generations",
    }  # fmt: skip
    assert (shown["exact_amount"], shown["rounding"], shown["net"]) == ("298.790986500", "0.009013500", "298.80")
    assert shown["tax"] == {
        "label": "VAT", "rate": "19.00", "note": None, "base": "298.80", "amount": "56.77", "exchanged": None,
    }  # fmt: skip
    assert (shown["total"], shown["paid_from_balance"], shown["amount_due"]) == ("355.57", "0.00", "355.57")


def test_page_csv_and_paper_agree_to_the_digit(caller: Caller, issued: Invoice) -> None:
    shown = caller.get(f"invoices/{public(issued)}")
    answer = caller.ask("get", f"invoices/{public(issued)}.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["exact_amount"] for row in table[:-1]] == [line["exact_amount"] for line in shown["lines"]]
    assert [row["amount"] for row in table] == [*(line["amount"] for line in shown["lines"]), shown["tax"]["amount"]]
    assert sum(Decimal(row["amount"]) for row in table) == Decimal(shown["total"])
    content = invoice_content(issued, lines(issued))
    printed = [row[3].replace("−", "-") for group in content["groups"] for row in group["rows"]]
    assert printed == [line["amount"] for line in shown["lines"]]
    assert content["totals"][2][1] == f"{shown['total']} USD"
    assert table[-2]["description"] == "Refund: =2+3 bad pictures"  # not a formula: it begins with a word


def test_the_pdf_is_the_same_bytes_every_time(caller: Caller, operator: Caller, issued: Invoice) -> None:
    first = caller.ask("get", f"invoices/{public(issued)}.pdf")
    assert (first.status_code, first["Content-Type"]) == (200, "application/pdf")
    assert first["Content-Disposition"] == 'attachment; filename="INV-000001.pdf"'
    assert first["ETag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert operator.ask("get", f"invoices/{public(issued)}.pdf").content == first.content


def test_every_line_drills_down_to_jobs_that_sum_to_its_last_digit(caller: Caller, issued: Invoice) -> None:
    shown = caller.get(f"invoices/{public(issued)}")
    for line in shown["lines"][:5]:
        page = caller.get(f"invoices/{public(issued)}/lines/{line['number']}/generations?limit=1")
        jobs = page["data"]
        while page["next_cursor"]:
            page = caller.get(
                f"invoices/{public(issued)}/lines/{line['number']}/generations?limit=1&cursor={page['next_cursor']}"
            )
            jobs += page["data"]
        assert sum(Decimal(job["exact_amount"]) for job in jobs) == Decimal(line["exact_amount"])
        assert sum(job["quantity"] for job in jobs) == line["quantity"]
        assert sum(job["images"] for job in jobs) == line["images"]
        assert len({job["generation_id"] for job in jobs}) == len(jobs) == (2 if line["number"] in {3, 4} else 1)
    assert caller.get(f"invoices/{public(issued)}/lines/6/generations")["data"] == []
    for wrong in ("7", "0", "x", "-1", "99999999"):
        assert caller.ask("get", f"invoices/{public(issued)}/lines/{wrong}/generations").status_code == 404
    for wrong in ("limit=0", "limit=101", "limit=x", "cursor=x", "cursor=2026-10-31.x"):
        path = f"invoices/{public(issued)}/lines/1/generations?{wrong}"
        caller.refused("get", path, None, 422, "invalid_request")


def test_any_past_month_has_a_preview_whatever_was_issued_of_it(operator: Caller) -> None:
    tenant = billed_tenant()
    spend(tenant)
    correct(tenant, "-1.00", at=at("2026-10-20"))
    caller, names = key_of(tenant), ("lines", "net", "tax", "total", "exact_amount")
    before = caller.get("invoices/preview?month=2026-10")
    assert [line["type"] for line in before["lines"]] == ["usage", "usage", "adjustment"]
    issued = finalise(tenant)
    shown = caller.get(f"invoices/{public(issued)}")
    after = caller.get("invoices/preview?month=2026-10")
    for line in shown["lines"]:
        line["generations_url"] = None
    assert {name: before[name] for name in names} == {name: shown[name] for name in names}
    assert {name: after[name] for name in names} == {name: shown[name] for name in names}
    assert (after["month"], after["status"], after["amount_due"]) == ("2026-10", "preview", "0.00")
    assert caller.get("invoices/preview?month=2026-09")["lines"] == []
    for month in ("2099-01", "October"):
        caller.refused("get", f"invoices/preview?month={month}", None, 422, "invalid_request")


def test_the_preview_is_the_month_that_runs_and_no_row(operator: Caller) -> None:
    tenant = billed_tenant(balance=0, credit_limit=100, **VAT)
    today = one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date")
    spend(tenant, today.replace(day=1), usage={"image_output": 1_000_140})
    spend(tenant)
    shown = key_of(tenant).get("invoices/preview")
    assert (shown["id"], shown["status"], shown["number"]) == (None, "preview", None)
    assert shown["month"] == f"{today:%Y-%m}"
    assert (shown["net"], shown["tax"]["amount"], shown["amount_due"]) == ("60.01", "11.40", "71.41")
    assert shown["lines"][0]["generations_url"] is None
    assert one("owner", "SELECT count(*) FROM billing_invoice WHERE tenant_id = %s", tenant.id) == 0
    named = ids.encode(ids.TENANT, tenant.id)
    assert operator.get(f"invoices/preview?tenant_id={named}")["total"] == shown["total"]
    operator.refused("get", "invoices/preview", None, 422, "invalid_request", "Name the tenant")
    operator.refused("get", f"invoices/preview?tenant_id=ten_{'0' * 32}", None, 404, "not_found")


def test_tenants_see_their_own_and_operators_all(caller: Caller, operator: Caller, issued: Invoice) -> None:
    stranger = key_of(make_tenant())
    for path in ("", ".pdf", ".csv", "/lines/1/generations"):
        foreign = stranger.ask("get", f"invoices/{public(issued)}{path}")
        unknown = stranger.ask("get", f"invoices/{UNKNOWN}{path}")
        told = [{**refused.json(), "request_id": None} for refused in (foreign, unknown)]  # each names its own request
        assert (foreign.status_code, told[0]) == (404, told[1])
    assert stranger.get("invoices")["data"] == []
    named = ids.encode(ids.TENANT, issued.tenant_id)
    assert [one["id"] for one in operator.get(f"invoices?tenant_id={named}")["data"]] == [public(issued)]
    assert operator.get("invoices?month=2026-10&status=finalised")["data"]
    assert operator.get("invoices?month=2001-10")["data"] == []
    for wrong, words in (("status=open", "finalised"), ("month=2026-13", "2026-11"), ("tenant_id=x", "ten_")):
        operator.refused("get", f"invoices?{wrong}", None, 422, "invalid_request", words)


def test_a_test_key_sees_no_invoice_and_scopes_are_asked_for(tenant: Tenant, issued: Invoice) -> None:
    test_key = key_of(tenant, livemode=False)
    assert test_key.get("invoices")["data"] == []
    assert test_key.ask("get", f"invoices/{public(issued)}").status_code == 404
    test_key.refused("get", "invoices/preview", None, 403, "live_key_needed")
    # a test key that named another address would get the live invoices
    test_key.refused("get", "billing-profile", None, 403, "live_key_needed")
    test_key.refused("patch", "billing-profile", {"emails": ["else@example.com"]}, 403, "live_key_needed")
    reader = key_of(tenant, scopes=[Scope.READ])
    for path in ("invoices", f"invoices/{public(issued)}.pdf", "credit-notes", "billing-profile"):
        reader.refused("get", path, None, 403, "permission_denied")


def test_a_tenants_key_changes_nothing(caller: Caller, issued: Invoice) -> None:
    for path in ("finalise", "void", "payments", "credit-notes", "send"):
        assert caller.ask("post", f"invoices/{public(issued)}/{path}", {}).status_code == 401
    assert fresh(issued.id).status == "finalised"


def test_an_operator_drafts_and_finalises_what_is_over_and_nothing_else(operator: Caller) -> None:
    tenant = billed_tenant(balance=0, credit_limit=100)
    named = ids.encode(ids.TENANT, tenant.id)
    this_month = one("owner", "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')")
    path = f"tenants/{named}/invoices"
    operator.refused("post", path, {"month": this_month}, 409, "period_open", "it ends at")
    operator.refused("post", path, {"month": "2026-10"}, 409, "invoice_empty")
    spend(tenant)
    drafted = operator.json("post", path, {"month": "2026-10"})
    assert (drafted["status"], drafted["number"], drafted["total"]) == ("draft", None, "0.07")
    assert operator.ask("get", f"invoices/{drafted['id']}.pdf").content.startswith(b"%PDF")
    for change, body in (
        ("payments", {"amount": "1", "received_on": "2026-11-02", "reference": "x"}), ("void", {"reason": "x"}),
        ("credit-notes", {"reason": "x"}), ("send", {"to": ["a@b.example"]}),
    ):  # fmt: skip
        operator.refused("post", f"invoices/{drafted['id']}/{change}", body, 409, "invoice_draft", "finalise it first")
    done = operator.json("post", f"invoices/{drafted['id']}/finalise")
    assert (done["status"], done["number"], done["amount_left"]) == ("finalised", "INV-000001", "0.07")
    assert audited(tenant) == [("operator_key", "invoice.finalised")]
    before = balances(tenant)
    words = ("INV-000001 is finalised", "once")
    operator.refused("post", f"invoices/{drafted['id']}/finalise", None, 409, "invoice_not_draft", *words)
    operator.refused("post", path, {"month": "2026-10"}, 409, "invoice_not_draft", *words)
    assert balances(tenant) == before
    operator.refused("post", f"invoices/{UNKNOWN}/finalise", None, 404, "not_found")


def test_an_open_period_cannot_be_finalised_over_the_api(operator: Caller) -> None:
    tenant = billed_tenant()
    today: date = one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date")
    spend(tenant, today.replace(day=1))
    drafted = draft(tenant, today.replace(day=1), now=at("2027-06-01T00:00:00"))
    assert drafted is not None
    before = balances(tenant)
    operator.refused("post", f"invoices/{public(drafted)}/finalise", None, 409, "period_open", "still open")
    assert (fresh(drafted.id).status, balances(tenant)) == ("draft", before)


def owing() -> Invoice:
    tenant = billed_tenant(balance=0, credit_limit=1000, **VAT)
    spend(tenant, usage={"image_output": 1_000_140})
    return finalise(tenant)


def test_payments_are_recorded_until_nothing_is_left(operator: Caller) -> None:
    invoice = owing()
    path = f"invoices/{public(invoice)}/payments"
    body = {"amount": "70", "received_on": "2026-11-20", "reference": "DE-1"}
    shown = operator.json("post", path, body)
    assert (shown["status"], shown["amount_paid"], shown["amount_left"]) == ("finalised", "70.00", "1.41")
    operator.refused("post", path, body | {"amount": "1"}, 409, "payment_known", "INV-000001")
    shown = operator.json("post", path, body | {"amount": "1.42", "reference": "2"})
    assert (shown["status"], shown["amount_left"], len(shown["payments"])) == ("paid", "0.00", 2)
    first, last = shown["payments"]
    assert first | {"recorded_at": "", "id": ""} == {
        "id": "", "object": "payment", "method": "manual", "reference": "DE-1", "amount": "70.00",
        "added_to_balance": "0.00", "received_on": "2026-11-20", "recorded_at": "", "reversed_at": None,
        "reversal_reason": None,
    }  # fmt: skip
    assert (last["amount"], last["added_to_balance"]) == ("1.42", "0.01")
    operator.refused("post", path, body | {"amount": "1", "reference": "3"}, 409, "invoice_paid")
    assert events(invoice.id)[-1] == "invoice.paid"
    back = f"{path}/{last['id']}/reversal"
    operator.refused("post", back, {}, 422, "invalid_request")
    shown = operator.json("post", back, {"reason": "Bounced"})
    assert (shown["status"], shown["paid_at"], shown["amount_left"]) == ("finalised", None, "1.41")
    assert [payment["reversal_reason"] for payment in shown["payments"]] == [None, "Bounced"]
    operator.refused("post", back, {"reason": "Again"}, 409, "already_reversed")
    operator.refused("post", f"{path}/pmt_{'0' * 32}/reversal", {"reason": "None"}, 404, "not_found")
    operator.refused("post", path, {"from": "balance"}, 409, "insufficient_balance", "free money")
    operator.refused("post", path, {"from": "balance", "amount": "1"}, 422, "invalid_request")
    operator.json("post", f"tenants/{ids.encode(ids.TENANT, invoice.tenant_id)}/top-ups",
                  {"amount": "1.41", "reason": "SEPA", "reference": "5"}, status=201)  # fmt: skip
    shown = operator.json("get", f"invoices/{public(invoice)}")
    assert (shown["status"], shown["payments"][-1]["method"]) == ("paid", "balance")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"amount": 70}, "/amount", "wrong_type"),
        ({"amount": "-1"}, "/amount", "negative"),
        ({"amount": "0"}, "/amount", "zero"),
        ({"amount": "NaN"}, "/amount", "not_an_amount"),
        ({"amount": "1e3"}, "/amount", "not_an_amount"),
        ({"amount": "0.001"}, "/amount", "too_precise"),
        ({"amount": "9" * 12}, "/amount", "too_large"),
        ({"received_on": "20.11.2026"}, "/received_on", "unknown_value"),
        ({"received_on": "2026-02-30"}, "/received_on", "unknown_value"),
        ({"reference": ""}, "/reference", "too_short"),
        ({"reference": "a\u0000b"}, "/reference", "unknown_value"),
        ({"method": "stripe"}, "/method", "unknown_field"),
    ],
)
def test_payments_that_make_no_sense_are_refused_and_nothing_is_booked(
    operator: Caller, unpaid: Invoice, changes: Json, pointer: str, code: str
) -> None:
    before = rows("owner", "SELECT * FROM billing_ledgerentry WHERE tenant_id = %s", unpaid.tenant_id)
    body = {"amount": "1", "received_on": "2026-11-20", "reference": "x"} | changes
    problem = operator.refused("post", f"invoices/{public(unpaid)}/payments", body, 422, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
    assert rows("owner", "SELECT * FROM billing_ledgerentry WHERE tenant_id = %s", unpaid.tenant_id) == before
    assert fresh(unpaid.id).status == "finalised"


@pytest.fixture(scope="module")
def unpaid(django_db_setup: None) -> Invoice:
    return owing()


def test_all_that_is_wrong_is_said_at_once(operator: Caller, unpaid: Invoice) -> None:
    problem = operator.refused("post", f"invoices/{public(unpaid)}/payments", {"amount": 1}, 422, "invalid_request")
    assert {error["pointer"] for error in problem["errors"]} == {"/amount", "/received_on", "/reference"}


def test_credit_notes_over_the_api(operator: Caller) -> None:
    invoice = owing()
    path = f"invoices/{public(invoice)}/credit-notes"
    answer = operator.ask("post", path, {"reason": "Bad pictures", "lines": [{"number": 1, "amount": "10.00"}]})
    assert answer.status_code == 201
    note = answer.json()
    assert (note["number"], note["net"], note["tax"], note["total"]) == ("CN-000001", "10.00", "1.90", "11.90")
    assert (note["taken_off_due"], note["added_to_balance"]) == ("11.90", "0.00")
    assert note["lines"] == [{"number": 1, "description": "Images", "amount": "10.00"}]
    assert operator.get(answer["Location"].removeprefix("/api/v1/")) == note
    own = Caller(make_key(Tenant(id=invoice.tenant_id))[1])
    shown = own.get(f"invoices/{public(invoice)}")
    assert (shown["amount_credited"], shown["amount_credited_to_balance"]) == ("11.90", "0.00")
    assert own.get("credit-notes")["data"] == [note]
    assert own.ask("get", note["pdf_url"].removeprefix("/api/v1/")).content.startswith(b"%PDF")
    shown = own.get(f"invoices/{public(invoice)}")
    assert (shown["credit_notes"], shown["amount_left"]) == ([note["id"]], "59.51")

    for line, code in ((1, "line_exceeded"), (9, "line_unknown")):
        body = {"reason": "x", "lines": [{"number": line, "amount": "50.02"}]}
        operator.refused("post", path, body, 409, code)
    for wrong in (
        {"lines": [{"number": 1, "amount": "1"}]}, {"reason": "x", "lines": []}, {"reason": "x", "lines": "all"},
        {"reason": "x", "lines": [{"number": 1, "amount": "1"}, {"number": 1, "amount": "1"}]},
        {"reason": "x", "lines": [{"number": 1, "amount": "0.001"}]},
        {"reason": "x", "lines": [{"number": "1", "amount": "NaN"}]},
    ):  # fmt: skip
        operator.refused("post", path, wrong, 422, "invalid_request")
    whole = operator.json("post", path, {"reason": "All of it"}, status=201)
    assert (whole["total"], own.get(f"invoices/{public(invoice)}")["status"]) == ("59.51", "paid")
    operator.refused("post", path, {"reason": "Again"}, 409, "nothing_left")


def test_a_void_answers_the_new_draft(operator: Caller) -> None:
    invoice = owing()
    drafted = operator.json("post", f"invoices/{public(invoice)}/void", {"reason": "Wrong address"})
    assert (drafted["status"], drafted["replaces"], drafted["number"]) == ("draft", public(invoice), None)
    was = operator.get(f"invoices/{public(invoice)}")
    assert (was["status"], was["void_reason"], was["amount_left"]) == ("void", "Wrong address", "0.00")
    operator.refused("post", f"invoices/{public(invoice)}/void", {"reason": "x"}, 409, "invoice_void")
    again = operator.json("post", f"invoices/{drafted['id']}/finalise")
    assert (again["number"], again["total"]) == ("INV-000002", was["total"])


def test_an_invoice_is_sent_again(operator: Caller) -> None:
    invoice = owing()
    path = f"invoices/{public(invoice)}/send"
    operator.refused("post", path, {}, 409, "nobody_to_send_to")
    operator.refused("post", path, {"to": ["nobody"]}, 422, "invalid_request", "no email address")
    assert operator.json("post", path, {"to": ["a@example.com"]}, status=202)["to"] == ["a@example.com"]
    [mail] = rows("owner", 'SELECT "to", attachments FROM mail_mail WHERE tenant_id = %s', invoice.tenant_id)
    assert mail["attachments"][0]["name"] == "INV-000001.pdf"


def test_an_invoice_past_its_day_is_overdue_until_it_is_paid(operator: Caller) -> None:
    invoice = owing()
    ten = ids.encode(ids.TENANT, invoice.tenant_id)
    rows("owner", "ALTER TABLE billing_invoice DISABLE TRIGGER USER")
    rows("owner", "UPDATE billing_invoice SET due_on = (now() - interval '2 days')::date WHERE id = %s", invoice.id)
    rows("owner", "ALTER TABLE billing_invoice ENABLE TRIGGER USER")
    for status in ("overdue", "finalised"):  # all that wait for money are final
        [shown] = operator.json("get", f"invoices?tenant_id={ten}&status={status}")["data"]
        assert (shown["id"], shown["status"]) == (public(invoice), "overdue")
    body = {"amount": "71.41", "received_on": "2026-11-20", "reference": "late"}
    assert operator.json("post", f"invoices/{public(invoice)}/payments", body)["status"] == "paid"
    assert operator.json("get", f"invoices?tenant_id={ten}&status=overdue")["data"] == []
    operator.refused("get", "invoices?status=late", None, 422, "invalid_request")
