"""A receipt as PDF, by the template of invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.currencies import is_currency, minor_units
from billing.invoices.labels import date_text, figure
from billing.invoices.pdf import parties_content, pdf_render
from billing.models import Receipt

NOTE = (
    "This is a receipt for a payment on account, and no invoice: it shows no VAT. What is used is invoiced by the "
    "month, with VAT where it applies, and is paid from the balance."
)


def receipt_pdf(receipt: Receipt, *, logo: bytes | None = None) -> bytes:
    return pdf_render(receipt_content(receipt, logo=logo), at=receipt.created_at)


def receipt_content(receipt: Receipt, *, logo: bytes | None = None) -> dict[str, Any]:
    """Returns everything that stands on a receipt, as text."""
    amount = amount_words(receipt.amount, receipt.currency)
    facts = [
        ["Receipt number", receipt.number],
        ["Issued", date_text(receipt.issued_on)],
        ["Received", date_text(receipt.received_at.date())],
        *([["Reference", receipt.reference]] if receipt.reference else []),
    ]
    return {
        **parties_content(receipt, logo),
        "title": "Receipt",
        "number": receipt.number,
        "draft": False,
        "currency": receipt.currency,
        "facts": facts,
        "headline": f"{amount} received",
        "subline": "",
        "columns": [],
        "groups": [],
        "text": "Thank you. The amount was added to your balance.",
        "totals": [["Added to the balance", amount, "strong"]],
        "notes": [NOTE],
        "payment": "",
        "payment_url": "",
    }


def amount_words(amount: Decimal, currency: str) -> str:
    """Returns an amount with the places of its coins, or with all that it has."""
    digits = minor_units(currency) if is_currency(currency) else 2
    exponent = amount.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return f"{figure(amount, max(digits, places))} {currency}"
