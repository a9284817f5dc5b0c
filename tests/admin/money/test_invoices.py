"""Invoices in the admin: acts go through the services, show what will be booked, and say why where those refuse."""

from __future__ import annotations

import csv
import re
import secrets
from io import StringIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import OperatorRole
from billing.models import CreditNote, Invoice, LegalEntity
from billing.receipts.services import receipts_create
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.admin.acting import act, act_done
from tests.billing.invoices.helpers import OCTOBER, billed_tenant, draft, finalise, fresh, make_entity, spend
from tests.factories import make_tenant
from tests.generations.helpers import one, rows
from tests.people.visitors import Visitor, person, shown


def path(invoice: Invoice) -> str:
    return f"/admin/invoices/{ids.encode(ids.INVOICE, invoice.id)}/"


def owing() -> Invoice:
    tenant = billed_tenant(balance=0, credit_limit=1000)
    spend(tenant, usage={"image_output": 1_000_140})
    return finalise(tenant)


def refused(operator: Visitor, where: str, /, **values: Any) -> str:
    answer = act(operator, where, **values)
    assert answer.status_code == 422
    return shown(answer)


def test_a_payment_is_recorded_by_hand(operator: Visitor) -> None:
    invoice = owing()
    form = {"amount": "60.01", "received_on": "2026-11-20", "reference": "Wire 7"}
    address = f"{path(invoice)}payment/"
    beyond = shown(operator.post(address, **{**form, "amount": "60.02"}, confirm="1"))
    assert re.search(r'Balance</th><td class="r">.\$60.01</td><td class="r"><b>\$0.01</b>', beyond)
    assert "is still to come" in refused(operator, address, **{**form, "received_on": "2099-01-01"})
    assert "no smaller coins" in refused(operator, address, **{**form, "amount": "0.001"})
    looked = shown(operator.post(address, **form, confirm="1"))
    assert re.search(r'Left to pay</th><td class="r">\$60.01</td><td class="r"><b>\$0.00</b>', looked)
    assert re.search(r'Invoice</th><td class="r">Final</td><td class="r"><b>Paid</b>', looked)
    assert fresh(invoice.id).status == "finalised"
    page = act_done(operator, address, **form)
    assert "$60.01 recorded for INV-000001." in page
    assert "<h1>$60.01, paid</h1>" in page
    assert fresh(invoice.id).status == "paid"
    recorded_by = one("owner", "SELECT actor FROM billing_payment WHERE invoice_id = %s", invoice.id)
    assert recorded_by == f"operator {operator.email}"
    assert "Wire 7" in shown(operator.get(f"/admin/invoices/payments/?invoice={ids.encode(ids.INVOICE, invoice.id)}"))
    file = operator.get("/admin/invoices/payments/csv?reference=Wire 7").content.decode()
    assert [row["amount"] for row in csv.DictReader(StringIO(file))] == ["60.010000000"]

    payment = one("owner", "SELECT id FROM billing_payment WHERE invoice_id = %s", invoice.id)
    back = f"{path(invoice)}payments/{ids.encode(ids.PAYMENT, payment)}/reverse/"
    looked = shown(operator.post(back, reason="Bounced", confirm="1"))
    assert re.search(r'Invoice</th><td class="r">Paid</td><td class="r"><b>Final</b>', looked)
    assert re.search(r'Left to pay</th><td class="r">\$0.00</td><td class="r"><b>\$60.01</b>', looked)
    assert "Wire 7" in looked
    page = act_done(operator, back, reason="Bounced")
    assert "The payment of $60.01 is taken back." in page
    assert ("Bounced" in page, fresh(invoice.id).status) == (True, "finalised")
    assert "taken back already" in refused(operator, back, reason="Again")
    assert "no free money" in refused(operator, f"{path(invoice)}from-balance/")


def test_a_credit_note_is_issued_by_hand(operator: Visitor) -> None:
    invoice = owing()
    address = f"{path(invoice)}credit-note/"
    form = {"reason": "Sorry", "line": "1", "amount": "60.02"}
    assert "only 60.01 USD are left" in refused(operator, address, **form)
    assert "of which line" in refused(operator, address, **{**form, "line": ""})
    page = act_done(operator, address, **{**form, "amount": "10"})
    with acting_as("operator"):
        note = CreditNote.objects.get(invoice_id=invoice.id)
    assert note.total == 10
    assert "$50.01" in page
    public = ids.encode(ids.CREDIT_NOTE, note.id)
    assert "Sorry" in shown(operator.get(f"/admin/invoices/credit-notes/{public}/"))
    assert operator.get(f"/admin/invoices/credit-notes/{public}/pdf").content.startswith(b"%PDF")
    assert note.number in shown(operator.get("/admin/invoices/credit-notes/"))
    act_done(operator, address, reason="The rest")
    assert "credited in full" in refused(operator, address, reason="More")


def test_a_draft_is_summed_up_finalised_sent_and_voided(operator: Visitor) -> None:
    tenant = billed_tenant(emails=["pay@example.com"])
    generation = spend(tenant)
    assert "so far: $0.00" in shown(operator.get(f"/admin/invoices/running/{tenant.slug}/"))
    assert "There is no tenant" in refused(operator, "/admin/invoices/draft/", tenant="nobody", month="2026-10")
    assert "still open" in refused(operator, "/admin/invoices/draft/", tenant=tenant.slug, month="2099-01")
    assert "Draft of October 2026: $0.07" in act_done(
        operator, "/admin/invoices/draft/", tenant=tenant.slug, month="2026-10"
    )
    drafted = draft(tenant)
    assert drafted is not None
    page = shown(operator.get(path(drafted)))
    assert "The invoice is a draft; finalise it first." in page
    assert ids.encode(ids.GENERATION, generation) in shown(operator.get(f"{path(drafted)}lines/1/"))
    assert operator.get(f"{path(drafted)}pdf").content.startswith(b"%PDF")
    assert "INV-000001 is final" in act_done(operator, f"{path(drafted)}finalise/")
    assert fresh(drafted.id).number == "INV-000001"
    assert "only a draft can be finalised" in refused(operator, f"{path(drafted)}finalise/")
    sums = shown(operator.get(path(drafted)))
    assert "$0.07, paid from the balance" in sums
    assert operator.get(f"{path(drafted)}pdf").content.startswith(b"%PDF")
    assert "image_output" in operator.get(f"{path(drafted)}csv").content.decode()
    assert "valid email" in refused(operator, f"{path(drafted)}send/", emails="nobody")
    assert "goes to a@example.com" in act_done(operator, f"{path(drafted)}send/", emails="a@example.com")
    assert "This is not INV-000001" in refused(operator, f"{path(drafted)}void/", reason="Wrong", typed="INV-1")
    page = act_done(operator, f"{path(drafted)}void/", reason="Wrong address", typed="INV-000001")
    assert "Wrong address" in page
    assert "Its month is on" in page
    listed = shown(operator.get(f"/admin/invoices/?tenant={tenant.slug}"))
    assert ("Void" in listed, "Draft" in listed) == (True, True)
    file = operator.get(f"/admin/invoices/csv?tenant={tenant.slug}&month=2026-10").content.decode()
    assert sorted(row["status"] for row in csv.DictReader(StringIO(file))) == ["draft", "void"]


def test_overdue_ones_come_first_that_wait_longest(operator: Visitor) -> None:
    old, new = owing(), owing()
    rows("owner", "ALTER TABLE billing_invoice DISABLE TRIGGER USER")
    for invoice, due in ((old, "2026-11-01"), (new, "2026-11-05")):
        rows("owner", "UPDATE billing_invoice SET due_on = %s WHERE id = %s", due, invoice.id)
    rows("owner", "ALTER TABLE billing_invoice ENABLE TRIGGER USER")
    page = shown(operator.get("/admin/invoices/?status=overdue"))
    places = [page.find(ids.encode(ids.INVOICE, invoice.id)) for invoice in (old, new)]
    assert -1 not in places
    assert places == sorted(places)
    assert re.search(r'<h1 class="bad">\$60.01 overdue by \d+ days</h1>', shown(operator.get(path(old))))


def test_companies_and_profiles_are_written_by_their_services(operator: Visitor) -> None:
    name = f"Company {secrets.token_hex(4)}"
    form = {
        "name": name, "address": "Weg 1\r\n10115 Berlin", "currency": "EUR", "invoice_prefix": "A-",
        "credit_note_prefix": "B-", "number_digits": "4",
    }  # fmt: skip
    new = "/admin/invoices/companies/new/"
    assert "no currency" in refused(operator, new, **{**form, "currency": "XXX"})
    assert "{year}" in refused(operator, new, **{**form, "invoice_prefix": "{day}"})
    logo = SimpleUploadedFile("logo.png", b"no picture")
    assert "A logo is a PNG" in operator.client.post(new, {**form, "logo": logo, "confirm": "1"}).content.decode()
    assert f"{name} can issue invoices." in act_done(operator, new, **form)
    with acting_as("operator"):
        entity = LegalEntity.objects.get(name=name)
    assert entity.address == "Weg 1\n10115 Berlin"
    change = f"/admin/invoices/companies/{ids.encode(ids.LEGAL_ENTITY, entity.id)}/"
    act_done(operator, change, **{**form, "number_digits": "5", "footer": "HRB 1", "timezone": "Europe/Berlin"})
    assert one("owner", "SELECT footer FROM billing_legalentity WHERE id = %s", entity.id) == "HRB 1"
    audited = rows("owner", "SELECT action FROM accounts_auditevent WHERE target_id = %s ORDER BY id", entity.id.hex)
    assert [row["action"] for row in audited] == ["legal_entity.created", "legal_entity.updated"]
    tenant = make_tenant()
    address = f"/admin/tenants/{ids.encode(ids.TENANT, tenant.id)}/billing/"
    profile = {"name": "Neu", "payment_terms_days": "30", "emails": "a@example.com", "tax_rate": "19"}
    assert "valid email" in refused(operator, address, **{**profile, "emails": "a@"})
    act_done(operator, address, **profile)
    stored = rows("owner", "SELECT name, tax_rate, emails, invoiced FROM billing_billingprofile WHERE tenant_id = %s",
                  tenant.id)  # fmt: skip
    assert [(row["name"], int(row["tax_rate"]), row["invoiced"]) for row in stored] == [("Neu", 19, False)]


def test_who_reads_cannot_act(operator: Visitor) -> None:
    invoice = owing()
    reader = person(operator=True, role=OperatorRole.READ_ONLY)
    reader.sign_in()
    page = shown(reader.get(path(invoice)))
    assert ("Record payment" in page, "60.01" in page) == (False, True)
    for name in ("payment", "void", "credit-note", "send", "finalise"):
        assert reader.post(f"{path(invoice)}{name}/", reason="x", confirm="1").status_code == 403, name
    assert operator.get("/admin/invoices/inv_0/").status_code == 404
    assert operator.get(f"{path(invoice)}pay/").status_code == 404
    assert operator.get("/admin/invoices/?month=soon").status_code == 400
    assert OCTOBER.month == invoice.month.month


def test_a_rate_is_entered_once_for_a_day(operator: Visitor) -> None:
    currency = "".join(secrets.choice("ABCDEFGH") for _ in range(2))
    form = {"currency": "usd", "tax_currency": "CHF", "rate": "0.9217", "valid_from": "2026-11-02", "source": currency}
    rows("owner", "DELETE FROM billing_exchangerate WHERE tax_currency = 'CHF'")
    page = act_done(operator, "/admin/invoices/rates/new/", **form)
    assert "one USD is 0.9217 CHF" in page
    assert currency in shown(operator.get("/admin/invoices/rates/?currency=chf"))
    assert currency not in shown(operator.get("/admin/invoices/rates/?currency=JPY"))
    assert "never changed" in refused(operator, "/admin/invoices/rates/new/", **form)
    assert "no currency" in refused(operator, "/admin/invoices/rates/new/", **{**form, "currency": "XYZ"})
    assert operator.post("/admin/invoices/rates/new/", **{**form, "rate": "-1"}, confirm="1").status_code == 422
    reader = person(operator=True, role=OperatorRole.READ_ONLY)
    reader.sign_in()
    assert reader.get("/admin/invoices/rates/").status_code == 200
    assert reader.get("/admin/invoices/rates/new/").status_code == 403


def test_a_preview_of_any_month_that_has_begun(operator: Visitor) -> None:
    tenant = billed_tenant(balance=100)
    spend(tenant, OCTOBER, usage={"image_output": 100_000})
    address = f"/admin/invoices/running/{ids.encode(ids.TENANT, tenant.id)}/"
    past = shown(operator.get(f"{address}?month=2026-10"))
    assert "October 2026, made now: $6.00" in past
    assert "what is due is by the balance of now" in past
    assert "so far" in shown(operator.get(address))
    for wrong in ("2099-01", "soon", "2026-13"):
        assert operator.get(f"{address}?month={wrong}").status_code == 404


def test_receipts_are_listed_found_and_shown(operator: Visitor) -> None:
    tenant = billed_tenant(balance="12.5", entity=make_entity())
    while receipts_create():  # of other tests, too
        pass
    number = one("owner", "SELECT number FROM billing_receipt WHERE tenant_id = %s", tenant.id)
    page = shown(operator.get(f"/admin/invoices/receipts/?tenant={tenant.slug}"))
    assert number in page
    assert "$12.50" in page
    assert number not in shown(operator.get(f"/admin/invoices/receipts/?tenant={make_tenant().slug}"))
    for other in ("since=2099-01-01", "until=2020-01-01", "q=RC-9"):
        assert "$12.50" not in shown(operator.get(f"/admin/invoices/receipts/?tenant={tenant.slug}&{other}")), other
    assert operator.get("/admin/invoices/receipts/?since=soon").status_code == 400
    found = one("owner", "SELECT id FROM billing_receipt WHERE tenant_id = %s", tenant.id)
    pdf = operator.get(f"/admin/invoices/receipts/{ids.encode(ids.RECEIPT, found)}/pdf")
    assert (pdf.status_code, pdf.headers["Content-Type"]) == (200, "application/pdf")
