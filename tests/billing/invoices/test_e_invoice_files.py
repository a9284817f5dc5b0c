"""E-invoices as tenants and operators get them: in the PDF, as XML, of what is void and of what takes its place."""

from __future__ import annotations

import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from facturx import get_xml_from_pdf
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.invoices.documents import documents_create
from billing.invoices.services import invoice_finalise, invoice_void
from billing.models import Invoice
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.billing.invoices.callers import Caller, key_of
from tests.billing.invoices.helpers import billed_tenant, finalise, fresh, make_entity, spend
from tests.billing.invoices.validation import cii_faults, ubl_faults
from tests.factories import make_operator_key

PARTS = {"line1": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
COMPANY: dict[str, Any] = {
    "postal_address": PARTS, "tax_id": "DE123456789", "email": "billing@example.com", "phone": "+49 30 123456",
    "iban": "DE89370400440532013000", "bic": "COBADEFFXXX",
}  # fmt: skip


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Caller:
    return Caller(make_operator_key())


def buyer(**profile: Any) -> Tenant:
    """A postpaid tenant with all that an e-invoice needs, and usage in October."""
    profile = {
        "postal_address": PARTS, "tax_rate": Decimal(19), "tax_label": "VAT", "emails": ["books@example.com"],
        "buyer_reference": "04011000-12345-34", **profile,
    }  # fmt: skip
    entity = make_entity(**{**COMPANY, **profile.pop("company", {})})
    currency = profile.pop("currency", "EUR")
    made = billed_tenant(balance=0, credit_limit=1000, currency=currency, entity=entity, **profile)
    spend(made, usage={"image_output": 1_000_140, "text_input": 31})
    return made


def public(invoice: Invoice) -> str:
    return ids.encode(ids.INVOICE, invoice.id)


def pages(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def mails(tenant: Tenant) -> list[Mail]:
    with acting_as("operator"):
        return list(Mail.objects.filter(tenant_id=tenant.id).order_by("id"))


def test_an_invoice_is_an_e_invoice_in_its_pdf_and_as_xml(operator: Caller) -> None:
    tenant = buyer()
    caller, invoice = key_of(tenant), finalise(tenant)
    pdf = caller.ask("get", f"invoices/{public(invoice)}.pdf")
    name, attached = get_xml_from_pdf(pdf.content, check_xsd=True)
    assert name == "factur-x.xml"
    assert cii_faults(attached) == []
    catalog = PdfReader(io.BytesIO(pdf.content)).root_object
    xmp = catalog["/Metadata"].get_data().decode()  # type: ignore[attr-defined]
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in xmp
    assert catalog["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"  # type: ignore[index]

    answer = caller.ask("get", f"invoices/{public(invoice)}.xml")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert ubl_faults(answer.content) == []
    assert b'currencyID="EUR">71.41<' in answer.content
    assert operator.ask("get", f"invoices/{public(invoice)}.xml").content == answer.content
    assert caller.ask("get", f"invoices/{public(invoice)}.pdf").content == pdf.content

    shown = caller.get(f"invoices/{public(invoice)}")
    assert shown["xml_url"] == f"/api/v1/invoices/{public(invoice)}.xml"
    assert shown["customer"]["postal_address"] == PARTS
    assert (shown["customer"]["email"], shown["issuer"]["iban"]) == ("books@example.com", COMPANY["iban"])
    assert shown["tax"]["base"] == "60.01"

    note = operator.json("post", f"invoices/{public(invoice)}/credit-notes", {"reason": "Bad"}, status=201)
    credited = caller.ask("get", f"credit-notes/{note['id']}.xml")
    assert ubl_faults(credited.content) == []
    paper = caller.ask("get", f"credit-notes/{note['id']}.pdf").content
    assert cii_faults(get_xml_from_pdf(paper)[1]) == []


def test_what_lacks_is_said_and_the_paper_is_made_all_the_same() -> None:
    tenant = buyer(postal_address={}, company={"email": ""})
    caller, invoice = key_of(tenant), finalise(tenant)
    assert caller.get(f"invoices/{public(invoice)}")["xml_url"]
    problem = caller.refused("get", f"invoices/{public(invoice)}.xml", None, 409, "e_invoice_incomplete")
    assert [error["pointer"] for error in problem["errors"]] == ["/customer/postal_address", "/issuer/email"]
    paper = caller.ask("get", f"invoices/{public(invoice)}.pdf").content
    assert get_xml_from_pdf(paper) == (False, False)
    assert "71.41 EUR due" in pages(paper)


def test_a_void_invoice_and_its_replacement_name_each_other(operator: Caller) -> None:
    tenant = buyer()
    caller, old = key_of(tenant), finalise(tenant)
    while documents_create():
        pass
    before = caller.ask("get", f"invoices/{public(old)}.pdf").content
    caller.refused("get", f"invoices/{public(old)}/cancellation.pdf", None, 409, "invoice_not_void")
    with acting_as("operator"):
        draft = invoice_void(invoice_id=old.id, reason="Wrong address", actor=SYSTEM)
        invoice_finalise(invoice_id=draft.id)
    new = fresh(draft.id)
    while documents_create():
        pass

    assert caller.get(f"invoices/{public(old)}")["replaced_by"] == public(new)
    shown = caller.get(f"invoices/{public(new)}")
    assert (shown["replaces"], shown["replaced_by"]) == (public(old), None)
    paper = pages(caller.ask("get", f"invoices/{public(new)}.pdf").content)
    assert old.number is not None
    assert f"replaces invoice {old.number} of" in " ".join(paper.split())
    xml = caller.ask("get", f"invoices/{public(new)}.xml").content
    assert ubl_faults(xml) == []
    assert b"InvoiceTypeCode>384<" in xml
    assert f"<cbc:ID>{old.number}</cbc:ID>".encode() in xml

    assert caller.ask("get", f"invoices/{public(old)}.pdf").content == before
    cancelled = caller.ask("get", f"invoices/{public(old)}/cancellation.pdf").content
    text = " ".join(pages(cancelled).split())
    assert f"Invoice {old.number} is void" in text
    assert "Reason: Wrong address" in text
    subjects = [mail.subject for mail in mails(tenant)]
    assert subjects[1] == f"Invoice {old.number} from Cavendish Pictures GmbH is void"
    assert mails(tenant)[1].attachments[0]["name"] == f"{old.number}-cancellation.pdf"
    assert "Please do not pay it" in mails(tenant)[1].text
    assert len(subjects) == 3


def test_what_was_never_sent_is_not_taken_back_by_mail() -> None:
    tenant = buyer(send_by_email=False)
    invoice = finalise(tenant)
    while documents_create():
        pass
    with acting_as("operator"):
        invoice_void(invoice_id=invoice.id, reason="Wrong", actor=SYSTEM)
    while documents_create():
        pass
    assert mails(tenant) == []


def test_where_it_is_paid_online_stands_on_paper_in_json_and_mail(settings: Settings) -> None:
    settings.PAYMENTS = "stripe"
    tenant = buyer()
    invoice = finalise(tenant)
    caller = key_of(tenant)
    address = caller.get(f"invoices/{public(invoice)}")["payment_url"]
    assert address.startswith(f"{settings.BASE_URL}/pay/{public(invoice)}/")
    paper = caller.ask("get", f"invoices/{public(invoice)}.pdf").content
    assert "Pay online" in pages(paper)
    assert address in [
        annotation.get_object()["/A"]["/URI"]
        for page in PdfReader(io.BytesIO(paper)).pages
        for annotation in page.annotations or ()
    ]
    assert address in mails(tenant)[0].text
