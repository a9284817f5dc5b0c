"""Mails with an invoice or a credit note in them: queued in the caller's transaction, to whom the profile names."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.members.languages import tenant_language
from accounts.models import Membership, Role
from billing.invoices.labels import figure
from billing.invoices.payment_links import payment_url
from billing.models import BillingProfile, CreditNote, Invoice, InvoiceDocument
from cavendish.db import ids
from cavendish.mail.letters import Fact, Letter, day_text, link
from cavendish.mail.services import Attachment, mail_queue

PDF = "application/pdf"


def recipients(tenant_id: UUID) -> list[str]:
    """Returns the profile's addresses, else those of the tenant's owners and billing members, if there are any."""
    profile = BillingProfile.objects.filter(tenant_id=tenant_id).first()
    if profile is not None and profile.emails:
        return list(profile.emails)
    members = Membership.objects.filter(tenant_id=tenant_id, role__in=[Role.OWNER, Role.BILLING], user__is_active=True)
    return sorted(members.values_list("user__email", flat=True))


def invoice_letter(invoice: Invoice) -> Letter:
    """Returns the letter with an invoice, in the active language."""
    issuer = invoice.issuer["name"]
    values = {"number": invoice.number, "issuer": issuer, "customer": invoice.customer["name"]}
    due = _("Please pay {due} by {day} and quote {number}.").format(
        due=f"{figure(invoice.amount_due, invoice.digits)} {invoice.currency}",
        day=day_text(invoice.due_on) if invoice.due_on else "",
        number=invoice.number,
    )
    return Letter(
        subject=_("Invoice {number} from {issuer}").format(**values),
        title=_("Invoice {number} for {customer}").format(**values),
        text=[due if invoice.amount_due else _("It was paid from your balance; nothing is due.")],
        facts=[
            # Translators: the month of an invoice in a mail, in Django's date format.
            Fact(_("Period"), date_format(invoice.month, _("F Y"))),
            Fact(_("Total"), f"{figure(invoice.total, invoice.digits)} {invoice.currency}"),
        ],
        button=link(_("View the invoice"), f"/console/billing/invoices/{ids.encode(ids.INVOICE, invoice.id)}/"),
        after=[
            *([_("Pay online: {address}").format(address=pay)] if (pay := payment_url(invoice)) else []),
            _("The invoice is attached. Its page shows what each line is made of, job by job."),
        ],
        signature=issuer,
    )


def credit_note_letter(note: CreditNote) -> Letter:
    """Returns the letter with a credit note, in the active language."""
    invoice = note.invoice

    def money(amount: Decimal) -> str:
        return f"{figure(amount, invoice.digits)} {invoice.currency}"

    values = {"number": note.number, "issuer": note.issuer["name"], "customer": note.customer["name"]}
    text = [
        _("We have credited {total} of invoice {invoice}.").format(total=money(note.total), invoice=invoice.number),
        *([_("{amount} were taken off what is due.").format(amount=money(note.to_due))] if note.to_due else []),
        *([_("{amount} were added to your balance.").format(amount=money(note.to_balance))] if note.to_balance else []),
    ]
    return Letter(
        subject=_("Credit note {number} from {issuer}").format(**values),
        title=_("Credit note {number} for {customer}").format(**values),
        text=text,
        facts=[Fact(_("Reason"), note.reason)],
        button=link(
            _("View the credit note"), f"/console/billing/credit-notes/{ids.encode(ids.CREDIT_NOTE, note.id)}/"
        ),
        after=[_("The credit note is attached.")],
        signature=note.issuer["name"],
    )


def attachment_of(invoice: Invoice) -> list[Attachment]:
    """Returns the PDF of an issued invoice for a mail, where it is made already."""
    document = InvoiceDocument.objects.filter(subject_id=invoice.id).first()
    return [_attachment(document)] if document else []


def invoice_send(*, invoice: Invoice, document: InvoiceDocument, to: list[str] | None = None) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    return document_send(invoice.tenant_id, to, letter=partial(invoice_letter, invoice), document=document)


def cancellation_letter(invoice: Invoice) -> Letter:
    """Returns the letter that takes a void invoice back, in the active language."""
    issuer = invoice.issuer["name"]
    values = {"number": invoice.number, "issuer": issuer, "customer": invoice.customer["name"]}
    return Letter(
        subject=_("Invoice {number} from {issuer} is void").format(**values),
        title=_("Invoice {number} for {customer} is void").format(**values),
        text=[
            _("Please do not pay it: it counts no more."),
            _("If anything is to be charged for this month, another invoice follows, which names this one."),
        ],
        facts=[
            Fact(_("Reason"), invoice.void_reason),
            # Translators: the month of an invoice in a mail, in Django's date format.
            Fact(_("Period"), date_format(invoice.month, _("F Y"))),
            Fact(_("Total"), f"{figure(invoice.total, invoice.digits)} {invoice.currency}"),
        ],
        button=link(_("View the invoice"), f"/console/billing/invoices/{ids.encode(ids.INVOICE, invoice.id)}/"),
        after=[_("The cancellation is attached; keep it with the invoice.")],
        signature=issuer,
    )


def cancellation_send(*, invoice: Invoice, document: InvoiceDocument) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    return document_send(invoice.tenant_id, None, letter=partial(cancellation_letter, invoice), document=document)


def credit_note_send(*, note: CreditNote, document: InvoiceDocument, to: list[str] | None = None) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    return document_send(note.tenant_id, to, letter=partial(credit_note_letter, note), document=document)


def document_send(
    tenant_id: UUID, to: list[str] | None, *, letter: Callable[[], Letter], document: InvoiceDocument
) -> bool:
    to = to or recipients(tenant_id)
    if not to:
        return False
    language = tenant_language(tenant_id)
    mail_queue(to=to, letter=letter, language=language, tenant_id=tenant_id, attachments=[_attachment(document)])
    return True


def _attachment(document: InvoiceDocument) -> Attachment:
    # a document of before has no name
    return Attachment(document.name or document.storage_key.rpartition("/")[2], PDF, document.storage_key)
