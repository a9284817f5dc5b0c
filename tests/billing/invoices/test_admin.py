"""Invoices in the admin: forms that go through the services, and say why where those refuse."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest
from django.test import Client

from billing.models import CreditNote, Invoice, LegalEntity
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, draft, finalise, fresh, spend
from tests.factories import make_tenant
from tests.generations.helpers import one, rows
from tests.people.visitors import person


@pytest.fixture(scope="module")
def clerk(django_db_setup: None) -> Client:
    operator = person(operator=True)
    operator.sign_in()
    return operator.client


def errors(answer: Any) -> str:
    found = re.findall(r'class="errorlist[^"]*"[^>]*>(.*?)</ul>', answer.content.decode(), re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", text).strip() for text in found)


def owing() -> Invoice:
    tenant = billed_tenant(balance=0, credit_limit=1000)
    spend(tenant, usage={"image_output": 1_000_140})
    return finalise(tenant)


def test_a_payment_is_recorded_by_hand(clerk: Client) -> None:
    invoice = owing()
    form = {"number": f"inv_{invoice.id.hex}", "amount": "60.01", "received_on": "2026-11-20", "reference": "Wire 7"}
    refused = clerk.post("/admin/billing/payment/add/", form | {"amount": "60.02"})
    assert "Only 60.01 USD are left to pay" in errors(refused)
    assert "cannot be paid" in errors(clerk.post("/admin/billing/payment/add/", form | {"amount": "0.001"}))
    assert "no such invoice" in errors(clerk.post("/admin/billing/payment/add/", form | {"number": "X"}))
    assert fresh(invoice.id).status == "finalised"
    assert clerk.post("/admin/billing/payment/add/", form).status_code == 302
    assert fresh(invoice.id).status == "paid"
    recorded_by = one("owner", "SELECT actor FROM billing_payment WHERE invoice_id = %s", invoice.id)
    assert recorded_by.startswith("operator ")


def test_a_credit_note_is_issued_by_hand(clerk: Client) -> None:
    invoice = owing()
    form = {"number": f"inv_{invoice.id.hex}", "reason": "Sorry", "line": "1", "amount": "60.02"}
    assert "only 60.01 USD are left" in errors(clerk.post("/admin/billing/creditnote/add/", form))
    assert "or neither" in errors(clerk.post("/admin/billing/creditnote/add/", form | {"amount": ""}))
    assert clerk.post("/admin/billing/creditnote/add/", form | {"amount": "10"}).status_code == 302
    with acting_as("operator"):
        note = CreditNote.objects.get(invoice_id=invoice.id)
    assert note.total == 10
    assert clerk.get(f"/admin/billing/creditnote/{note.id}/pdf").content.startswith(b"%PDF")


def test_companies_and_profiles_are_written_by_their_services(clerk: Client) -> None:
    name = f"Company {secrets.token_hex(4)}"
    form = {"name": name, "address": "Weg 1", "currency": "EUR", "invoice_prefix": "A-", "credit_note_prefix": "B-"}
    assert "no currency" in errors(
        clerk.post("/admin/billing/legalentity/add/", form | {"currency": "XXX", "number_digits": "4"})
    )
    assert clerk.post("/admin/billing/legalentity/add/", form | {"number_digits": "4"}).status_code == 302
    with acting_as("operator"):
        entity = LegalEntity.objects.get(name=name)
    path = f"/admin/billing/legalentity/{entity.id}/change/"
    assert clerk.post(path, form | {"number_digits": "5", "footer": "HRB 1"}).status_code == 302
    tenant = make_tenant()
    profile = {"slug": tenant.slug, "name": "Neu", "payment_terms_days": "30", "emails": "a@example.com"}
    assert "no tenant" in errors(clerk.post("/admin/billing/billingprofile/add/", profile | {"slug": "nobody"}))
    assert clerk.post("/admin/billing/billingprofile/add/", profile).status_code == 302
    assert one("owner", "SELECT footer FROM billing_legalentity WHERE id = %s", entity.id) == "HRB 1"
    assert one("owner", "SELECT name FROM billing_billingprofile WHERE tenant_id = %s", tenant.id) == "Neu"
    audited = rows("owner", "SELECT action FROM accounts_auditevent WHERE target_id = %s ORDER BY id", entity.id.hex)
    assert [row["action"] for row in audited] == ["legal_entity.created", "legal_entity.updated"]


def test_drafts_are_finalised_and_papers_opened_from_the_list(clerk: Client) -> None:
    tenant = billed_tenant()
    spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    form = {"action": "finalise", "_selected_action": [str(drafted.id)]}
    assert clerk.post("/admin/billing/invoice/", form).status_code == 302
    assert fresh(drafted.id).number == "INV-000001"
    again = clerk.post("/admin/billing/invoice/", form, follow=True)
    assert "INV-000001 is paid; only a draft can be finalised" in again.content.decode()
    assert clerk.get(f"/admin/billing/invoice/{drafted.id}/pdf").content.startswith(b"%PDF")
    shown = clerk.get(f"/admin/billing/invoice/{drafted.id}/change/")
    assert "image_output" in shown.content.decode()
    assert clerk.get(f"/admin/billing/invoice/?q={tenant.slug}").status_code == 200
