"""Mails with an invoice or a credit note in them: queued in the caller's transaction, to whom the profile names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Membership, Role
from billing.invoices.labels import date_text, figure, period_text
from billing.models import BillingProfile, CreditNote, Invoice, InvoiceDocument
from cavendish.mail.services import Attachment, mail_queue

PDF = "application/pdf"


def recipients(tenant_id: UUID) -> list[str]:
    """Returns the profile's addresses, else those of the tenant's owners and billing members, if there are any."""
    profile = BillingProfile.objects.filter(tenant_id=tenant_id).first()
    if profile is not None and profile.emails:
        return list(profile.emails)
    members = Membership.objects.filter(tenant_id=tenant_id, role__in=[Role.OWNER, Role.BILLING], user__is_active=True)
    return sorted(members.values_list("user__email", flat=True))


def invoice_send(*, invoice: Invoice, document: InvoiceDocument, to: list[str] | None = None) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    return _send(
        invoice.tenant_id,
        to,
        subject=f"Invoice {invoice.number} from {invoice.issuer['name']}",
        template="billing/mail/invoice",
        context={
            "invoice": invoice,
            "issuer": invoice.issuer["name"],
            "customer": invoice.customer["name"],
            "period": period_text(invoice),
            "total": f"{figure(invoice.total, invoice.digits)} {invoice.currency}",
            "due": f"{figure(invoice.amount_due, invoice.digits)} {invoice.currency}",
            "due_on": date_text(invoice.due_on) if invoice.due_on else "",
        },
        attachment=Attachment(file_name(invoice.number or "invoice"), PDF, document.storage_key),
    )


def credit_note_send(*, note: CreditNote, document: InvoiceDocument, to: list[str] | None = None) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    invoice = note.invoice
    return _send(
        note.tenant_id,
        to,
        subject=f"Credit note {note.number} from {note.issuer['name']}",
        template="billing/mail/credit_note",
        context={
            "note": note,
            "invoice": invoice,
            "issuer": note.issuer["name"],
            "customer": note.customer["name"],
            "total": f"{figure(note.total, invoice.digits)} {invoice.currency}",
            "to_due": f"{figure(note.to_due, invoice.digits)} {invoice.currency}" if note.to_due else "",
            "to_balance": f"{figure(note.to_balance, invoice.digits)} {invoice.currency}" if note.to_balance else "",
        },
        attachment=Attachment(file_name(note.number), PDF, document.storage_key),
    )


def file_name(number: str) -> str:
    """Returns the name of the PDF of a number, whose prefix may hold slashes."""
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in number) + ".pdf"


def _send(
    tenant_id: UUID,
    to: list[str] | None,
    *,
    subject: str,
    template: str,
    context: dict[str, Any],
    attachment: Attachment,
) -> bool:
    to = to or recipients(tenant_id)
    if not to:
        return False
    mail_queue(
        to=to, subject=subject, template=template, context=context, tenant_id=tenant_id, attachments=[attachment]
    )
    return True
