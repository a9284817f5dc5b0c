"""The documents of invoices and credit notes: PDFs, with the e-invoice in them, and what they are as XRechnung."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.models import AuditEvent
from billing.e_invoices.cii import cii
from billing.e_invoices.document import EInvoice
from billing.e_invoices.selectors import e_credit_note_read, e_invoice_read
from billing.e_invoices.shortcomings import shortcomings, shortcomings_of_xrechnung
from billing.e_invoices.ubl import ubl
from billing.errors import EInvoiceIncomplete, InvoiceRefused
from billing.invoices.document_store import (
    CANCELLATION,
    XRECHNUNG,
    document_id,
    document_keep,
    file_name,
    logo_of,
    wants_mail,
)
from billing.invoices.mails import cancellation_send, credit_note_send, invoice_send, recipients
from billing.invoices.pdf import cancellation_pdf, credit_note_pdf, invoice_pdf
from billing.invoices.selectors import credit_note_lines, invoice_lines, replaced_of
from billing.models import CreditNote, Invoice, InvoiceDocument
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias

AT_ONCE = 100
# What was voided long before its cancellation could be made is not mailed any more.
CANCELLED_WITHIN = timedelta(days=3)


def documents_create() -> int:
    """Creates the PDFs that are missing and mails them where the tenant wants that; returns how many.

    The scheduler calls it. One that fails is logged and tried again; the others do not wait for it.
    """
    with acting_as("operator"):
        existing = InvoiceDocument.objects.values("subject_id")
        invoices = list(Invoice.objects.filter(number__isnull=False).exclude(id__in=existing).order_by("id")[:AT_ONCE])
        notes = list(CreditNote.objects.exclude(id__in=existing).select_related("invoice").order_by("id")[:AT_ONCE])
        missing: dict[UUID, Callable[[], object]] = dict(
            [
                # the cancellation first: who gets it and the invoice in its place reads them in this order
                *((invoice.id, partial(cancellation_document, invoice)) for invoice in _cancelled()),
                *((invoice.id, partial(invoice_document, invoice)) for invoice in invoices),
                *((note.id, partial(credit_note_document, note)) for note in notes),
            ]
        )
        return each_done(missing, lambda subject: bool(missing[subject]()), name="documents_create")


def _cancelled() -> list[Invoice]:
    """Returns the void invoices that a tenant has had as a paper, and whose cancellation is not made yet."""
    since = timezone.now() - CANCELLED_WITHIN
    void = list(Invoice.objects.filter(status=Invoice.Status.VOID, voided_at__gte=since).order_by("id")[:AT_ONCE])
    ids = [document_id(invoice.id, CANCELLATION) for invoice in void] + [invoice.id for invoice in void]
    kept = set(InvoiceDocument.objects.filter(subject_id__in=ids).values_list("subject_id", flat=True))
    return [invoice for invoice in void if invoice.id in kept and document_id(invoice.id, CANCELLATION) not in kept]


def invoice_document(invoice: Invoice) -> InvoiceDocument:
    """Returns the kept PDF of an issued invoice; the first call creates it and mails it."""
    assert invoice.number is not None
    return document_keep(
        tenant_id=invoice.tenant_id,
        subject_id=invoice.id,
        name=file_name(invoice.number),
        render=lambda: invoice_pdf(
            invoice,
            invoice_lines(invoice),
            logo=logo_of(invoice.legal_entity_id),
            replaces=replaced_of(invoice),
            xml=_factur_x(e_invoice_read(invoice)),
        ),
        send=lambda document: wants_mail(invoice.tenant_id) and invoice_send(invoice=invoice, document=document),
    )


def cancellation_document(invoice: Invoice) -> InvoiceDocument:
    """Returns the kept cancellation of a void invoice; the first call creates it, and mails it where the invoice was.

    The invoice's own PDF stays as it was sent. Raises InvoiceRefused for one that is not void.
    """
    if invoice.number is None or invoice.status != Invoice.Status.VOID:
        raise InvoiceRefused("not_void", number=invoice.number or "")

    def send(document: InvoiceDocument) -> None:
        by_hand = AuditEvent.objects.filter(action="invoice.sent", target_id=invoice.id.hex)
        if wants_mail(invoice.tenant_id) or by_hand.exists():
            cancellation_send(invoice=invoice, document=document)

    return document_keep(
        tenant_id=invoice.tenant_id,
        subject_id=document_id(invoice.id, CANCELLATION),
        name=file_name(f"{invoice.number}-cancellation"),
        render=lambda: cancellation_pdf(invoice, logo=logo_of(invoice.legal_entity_id)),
        send=send,
    )


def invoice_xml(invoice: Invoice) -> InvoiceDocument:
    """Returns the kept XRechnung of an issued invoice; the first call creates it.

    Raises InvoiceRefused for a draft, EInvoiceIncomplete where the invoice lacks what it needs.
    """
    if invoice.number is None:
        raise InvoiceRefused("draft")
    return _xrechnung(invoice.tenant_id, invoice.id, invoice.number, lambda: e_invoice_read(invoice))


def credit_note_xml(note: CreditNote) -> InvoiceDocument:
    """Returns the kept XRechnung of a credit note; the first call creates it. Raises EInvoiceIncomplete."""
    return _xrechnung(note.tenant_id, note.id, note.number, lambda: e_credit_note_read(note))


def _xrechnung(tenant_id: UUID, subject_id: UUID, number: str, read: Callable[[], EInvoice]) -> InvoiceDocument:
    def render() -> bytes:
        e_invoice = read()
        if lacks := shortcomings_of_xrechnung(e_invoice):
            raise EInvoiceIncomplete(number=number, lacks=lacks)
        return ubl(e_invoice)

    subject = document_id(subject_id, XRECHNUNG)
    return document_keep(tenant_id=tenant_id, subject_id=subject, name=file_name(number, "xml"), render=render)


def _factur_x(e_invoice: EInvoice) -> bytes | None:
    """Returns what is attached to the PDF; None where it lacks what it needs, then the PDF is only a paper."""
    return None if shortcomings(e_invoice) else cii(e_invoice)


def invoice_resend(*, invoice: Invoice, actor: Actor, to: list[str] | None = None) -> list[str]:
    """Mails the PDF of an issued invoice again, to `to` or to whom the profile names; returns the addresses.

    Raises InvoiceRefused for a draft and where there is nobody to send it to.
    """
    to = to or recipients(invoice.tenant_id)
    if invoice.number is None:
        raise InvoiceRefused("draft")
    if not to:
        raise InvoiceRefused("nobody_to_send_to")
    document = invoice_document(invoice)
    with transaction.atomic(using=current_alias()):
        invoice_send(invoice=invoice, document=document, to=to)
        audit_add(
            actor=actor,
            action="invoice.sent",
            tenant_id=invoice.tenant_id,
            target="invoice",
            target_id=invoice.id,
            after={"to": to},
        )
    return to


def credit_note_document(note: CreditNote) -> InvoiceDocument:
    """Returns the kept PDF of a credit note; the first call creates it and mails it."""
    return document_keep(
        tenant_id=note.tenant_id,
        subject_id=note.id,
        name=file_name(note.number),
        render=lambda: credit_note_pdf(
            note,
            note.invoice,
            credit_note_lines(note),
            logo=logo_of(note.legal_entity_id),
            xml=_factur_x(e_credit_note_read(note)),
        ),
        send=lambda document: wants_mail(note.tenant_id) and credit_note_send(note=note, document=document),
    )
