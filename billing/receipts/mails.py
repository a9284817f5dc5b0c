"""Mails with a receipt in them: queued in the caller's transaction, to whom the profile names."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from billing.invoices.mails import document_send
from billing.models import InvoiceDocument, Receipt
from billing.receipts.pdf import amount_words
from cavendish.mail.letters import Fact, Letter, day_text, link


def receipt_letter(receipt: Receipt) -> Letter:
    """Returns the letter with a receipt, in the active language."""
    amount = amount_words(receipt.amount, receipt.currency)
    values = {"number": receipt.number, "issuer": receipt.issuer["name"], "amount": amount}
    return Letter(
        subject=_("Receipt {number} from {issuer}").format(**values),
        title=_("{amount} received").format(**values),
        text=[
            _("Thank you. {amount} were added to your balance.").format(**values),
            _("This is no invoice: what is used is invoiced by the month and paid from the balance."),
        ],
        facts=[
            Fact(_("Received"), day_text(receipt.received_at.date())),
            *([Fact(_("Reference"), receipt.reference)] if receipt.reference else []),
        ],
        button=link(_("View the balance"), "/console/billing/"),
        after=[_("The receipt is attached.")],
        signature=receipt.issuer["name"],
    )


def receipt_send(*, receipt: Receipt, document: InvoiceDocument) -> bool:
    """Queues the mail; returns False when there is nobody to send it to."""
    return document_send(receipt.tenant_id, None, letter=partial(receipt_letter, receipt), document=document)
