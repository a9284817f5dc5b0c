"""The link by which an invoice is paid at the payment provider: signed, so that it works without signing in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

from billing.models import Invoice
from cavendish.db import ids

SALT = "cavendish.invoice.pay"
PATH = "/pay/"


def payment_url(invoice: Invoice) -> str | None:
    """Returns where an issued invoice is paid; None where no provider is set, or nothing is to be paid."""
    if settings.PAYMENTS == "none" or invoice.status != Invoice.Status.FINALISED or not invoice.amount_due:
        return None
    public = ids.encode(ids.INVOICE, invoice.id)
    return f"{settings.BASE_URL}{PATH}{public}/{Signer(salt=SALT).signature(public)}"


def payment_link_invoice(invoice_id: str, signature: str) -> UUID | None:
    """Returns the invoice whose link this is; None where the signature is not ours."""
    try:
        Signer(salt=SALT).unsign(f"{invoice_id}:{signature}")
    except BadSignature:
        return None
    return ids.decode(ids.INVOICE, invoice_id)
