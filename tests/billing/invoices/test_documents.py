"""The PDF: made once, the same bytes ever after, with the figures of the row; mailed once, to the right people."""

from __future__ import annotations

import hashlib
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections

from accounts.actor import SYSTEM
from billing.credit_notes.services import credit_note_issue
from billing.invoices.documents import credit_note_document, documents_create, invoice_document
from billing.invoices.pdf import invoice_content, invoice_pdf
from billing.models import CreditNote, Invoice, InvoiceDocument
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from cavendish.storage import objects
from tests.billing.invoices.helpers import billed_tenant, draft, finalise, fresh, lines, spend


@pytest.fixture(scope="module")
def issued(django_db_setup: None) -> Invoice:
    tenant = billed_tenant(
        balance=0, credit_limit=1000, name="北京幻想科技有限公司", emails=["a@example.com", "b@example.com"],
        tax_rate=Decimal("19.5"), tax_label="VAT", reference="PO 1",
    )  # fmt: skip
    spend(tenant, usage={"image_output": 1_000_140, "text_input": 31})
    return finalise(tenant)


def mails(invoice: Invoice, subject: str = "Invoice") -> list[Mail]:
    with acting_as("operator"):
        return list(Mail.objects.filter(tenant_id=invoice.tenant_id, subject__startswith=subject))


def make_all() -> None:
    """As the scheduler does it; other tests may have left some to do."""
    while documents_create():
        pass


def stored(document: InvoiceDocument) -> bytes:
    return b"".join(objects().read(document.storage_key))


def test_the_pdf_is_made_once_and_mailed_once(issued: Invoice) -> None:
    with acting_as("operator"):
        make_all()
        first = InvoiceDocument.objects.get(subject_id=issued.id)
    pdf = stored(first)
    assert pdf.startswith(b"%PDF-1.7")
    assert (first.sha256, first.bytes) == (hashlib.sha256(pdf).hexdigest(), len(pdf))
    assert b"pdfaid" in pdf  # PDF/A says so of itself

    again = invoice_document(issued)
    make_all()
    assert (again.storage_key, stored(again)) == (first.storage_key, pdf)
    [mail] = mails(issued)
    assert mail.to == ["a@example.com", "b@example.com"]
    assert issued.number is not None
    assert issued.number in mail.subject
    assert mail.attachments == [
        {"name": f"{issued.number}.pdf", "mime_type": "application/pdf", "storage_key": first.storage_key}
    ]
    assert "Please pay 71.71 USD by" in mail.text


def test_two_that_make_it_at_once_keep_one() -> None:
    tenant = billed_tenant(emails=["a@example.com"])
    spend(tenant)
    invoice = finalise(tenant)

    def make(_: int) -> InvoiceDocument:
        try:
            return invoice_document(invoice)
        finally:
            connections["operator"].close()

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))
    assert len({document.storage_key for document in made}) == 1
    assert stored(made[0]).startswith(b"%PDF")
    assert len(mails(invoice)) == 1


def test_the_same_rows_make_the_same_bytes(issued: Invoice) -> None:
    assert invoice_pdf(issued, lines(issued)) == invoice_pdf(fresh(issued.id), lines(issued))


def test_every_figure_on_the_paper_is_the_rows(issued: Invoice) -> None:
    content = invoice_content(issued, lines(issued))
    assert [row for group in content["groups"] for row in group["rows"]] == [
        ["Text input", "31 tokens", "× 0.50 / 1M", "0.00"],
        ["Images", "1,000,140 tokens", "× 60.00 / 1M", "60.01"],
    ]
    assert content["groups"][0]["note"] == "1 image"
    assert content["totals"] == [
        ["Net", "60.01", ""], ["VAT 19.5 % of 60.01", "11.70", ""], ["Total", "71.71 USD", "strong"],
        ["Amount due", "71.71 USD", "strong"],
    ]  # fmt: skip
    assert ["Your reference", "PO 1"] in content["facts"]
    assert "60.008415500 USD" in content["notes"][0]
    assert content["payment"].startswith("Please pay 71.71 USD by ")


def test_chinese_names_have_their_letters(issued: Invoice) -> None:
    pdf = invoice_pdf(issued, lines(issued))
    assert b"NotoSansCJK" in pdf or any(b"NotoSansCJK" in part for part in inflated(pdf))
    assert b"LastResort" not in pdf


def inflated(pdf: bytes) -> list[bytes]:
    """The compressed streams of a PDF that are text."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return found


def test_a_draft_has_a_pdf_that_is_not_kept() -> None:
    tenant = billed_tenant()
    spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    assert invoice_content(drafted, lines(drafted))["draft"]
    assert invoice_pdf(drafted, lines(drafted)).startswith(b"%PDF")
    make_all()
    with acting_as("operator"):
        assert not InvoiceDocument.objects.filter(subject_id=drafted.id).exists()


def test_who_wants_no_mail_gets_none() -> None:
    tenant = billed_tenant(emails=["a@example.com"], send_by_email=False)
    spend(tenant)
    invoice = finalise(tenant)
    invoice_document(invoice)
    assert mails(invoice) == []


def test_a_credit_note_is_a_paper_of_its_own(issued: Invoice) -> None:
    with acting_as("operator"):
        note = credit_note_issue(
            invoice_id=issued.id, reason="Of the wrong size", actor=SYSTEM, lines={2: Decimal("10")}
        )
        make_all()
        kept = credit_note_document(CreditNote.objects.select_related("invoice").get(id=note.id))
    assert stored(kept).startswith(b"%PDF")
    [mail] = mails(issued, "Credit note")
    assert (note.number in mail.subject, "11.95 USD were taken off" in mail.text) == (True, True)
    assert "Of the wrong size" in mail.text
