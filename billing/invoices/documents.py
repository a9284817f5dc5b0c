"""The PDFs of issued invoices and credit notes: made once, outside of any transaction, kept in object storage with
their SHA-256, and the same bytes ever after."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction

from accounts.actor import Actor
from accounts.audit.services import audit_add
from billing.errors import InvoiceRefused
from billing.invoices.mails import credit_note_send, invoice_send, recipients
from billing.invoices.pdf import credit_note_pdf, invoice_pdf
from billing.invoices.selectors import credit_note_lines, invoice_lines
from billing.models import BillingProfile, CreditNote, Invoice, InvoiceDocument, LegalEntity
from cavendish.db.router import acting_as, current_alias
from cavendish.storage import objects

logger = logging.getLogger(__name__)

AT_ONCE = 100


def documents_create() -> int:
    """Creates the PDFs that are missing and mails them where the tenant wants that; returns how many.

    The scheduler calls it. One that fails is logged and tried again; the others do not wait for it.
    """
    count = 0
    with acting_as("operator"):
        existing = InvoiceDocument.objects.values("subject_id")
        invoices = list(Invoice.objects.filter(number__isnull=False).exclude(id__in=existing).order_by("id")[:AT_ONCE])
        notes = list(CreditNote.objects.exclude(id__in=existing).select_related("invoice").order_by("id")[:AT_ONCE])
        missing: list[tuple[UUID, Callable[[], object]]] = [
            *((invoice.id, partial(invoice_document, invoice)) for invoice in invoices),
            *((note.id, partial(credit_note_document, note)) for note in notes),
        ]
        for subject, create in missing:
            try:
                create()
                count += 1
            except DatabaseError:
                raise
            except Exception as error:
                logger.error("There is no PDF of %s yet: %s", subject.hex, type(error).__name__)
    return count


def invoice_document(invoice: Invoice) -> InvoiceDocument:
    """Returns the kept PDF of an issued invoice; the first call creates it and mails it."""
    assert invoice.number is not None
    logo = logo_of(invoice.legal_entity_id)
    return _document(
        invoice.tenant_id,
        invoice.id,
        lambda: invoice_pdf(invoice, invoice_lines(invoice), logo=logo),
        lambda document: invoice_send(invoice=invoice, document=document),
    )


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
    logo = logo_of(note.legal_entity_id)
    return _document(
        note.tenant_id,
        note.id,
        lambda: credit_note_pdf(note, note.invoice, credit_note_lines(note), logo=logo),
        lambda document: credit_note_send(note=note, document=document),
    )


def _document(
    tenant_id: UUID, subject_id: UUID, render: Callable[[], bytes], send: Callable[[InvoiceDocument], object]
) -> InvoiceDocument:
    """Returns the kept PDF, or renders, keeps and mails it.

    Two that render the same one at once keep two objects under names of their own; the row of the first one counts.
    """
    with acting_as("operator"):
        kept: InvoiceDocument | None = InvoiceDocument.objects.filter(subject_id=subject_id).first()
        if kept is not None:
            return kept
        pdf = render()
        key = f"tenants/{tenant_id.hex}/invoices/{subject_id.hex}-{secrets.token_hex(4)}.pdf"
        folder = Path(settings.SPOOL_DIR) / "invoices"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / key.rpartition("/")[2]
        part.write_bytes(pdf)
        objects().keep(part, key)
        with transaction.atomic(using=current_alias()):
            kept, created = InvoiceDocument.objects.get_or_create(
                subject_id=subject_id,
                defaults={
                    "tenant_id": tenant_id,
                    "storage_key": key,
                    "sha256": hashlib.sha256(pdf).hexdigest(),
                    "bytes": len(pdf),
                },
            )
            if created and BillingProfile.objects.filter(tenant_id=tenant_id, send_by_email=False).first() is None:
                send(kept)
        if not created:
            objects().delete(key)
        return kept


def logo_of(legal_entity_id: UUID | None) -> bytes | None:
    if legal_entity_id is None:
        return None
    entity = LegalEntity.objects.filter(id=legal_entity_id).first()
    return bytes(entity.logo) if entity is not None and entity.logo else None
