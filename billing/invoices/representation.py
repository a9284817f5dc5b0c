"""Invoices and credit notes as the API shows them: JSON and CSV, the same figures as on the PDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.e_invoices.document import Exchanged
from billing.invoices.labels import line_text, percent_text
from billing.invoices.payment_links import payment_url
from billing.invoices.selectors import FullInvoice, LineGeneration
from billing.models import Invoice, InvoiceLine, Payment
from billing.money import amount_text, minor_text, price_text
from billing.months import month_last
from cavendish.db import ids
from cavendish.http.csv_files import BOM, PLAIN, CsvStyle, csv_line
from cavendish.http.times import moment

PREVIEW = "preview"
ISSUER = ("name", "address", "tax_id", "email", "phone", "iban", "bic", "bank_details")
CUSTOMER = ("name", "address", "tax_id", "email", "reference", "buyer_reference", "tax_category")
CSV_COLUMNS = (
    "invoice", "line", "type", "description", "model", "image_size", "kind", "tier", "images", "quantity", "unit",
    "unit_price", "exact_amount", "amount", "currency",
)  # fmt: skip


def invoice_json(full: FullInvoice, *, preview: bool = False) -> dict[str, Any]:
    """Returns an invoice with every field. Amounts have the places of the currency's coins, `exact_…` all nine."""
    invoice, settled = full.invoice, full.settled
    public = None if preview else ids.encode(ids.INVOICE, invoice.id)
    address = f"/api/v1/invoices/{public}" if public else None

    def coins(amount: Decimal) -> str:
        return minor_text(amount, invoice.digits)

    return {
        "id": public,
        "object": "invoice",
        "tenant_id": ids.encode(ids.TENANT, invoice.tenant_id),
        "status": PREVIEW if preview else full.status,
        "number": invoice.number,
        "month": f"{invoice.month:%Y-%m}",
        "period": {
            "starts_on": invoice.month.isoformat(),
            "ends_on": month_last(invoice.month).isoformat(),
            "timezone": invoice.timezone,
        },
        "currency": invoice.currency,
        "issued_on": invoice.issued_on.isoformat() if invoice.issued_on else None,
        "due_on": invoice.due_on.isoformat() if invoice.due_on else None,
        "refreshed_at": moment(invoice.refreshed_at),
        "finalised_at": moment(invoice.finalised_at),
        "paid_at": moment(invoice.paid_at),
        "voided_at": moment(invoice.voided_at),
        "void_reason": invoice.void_reason or None,
        "replaces": ids.encode(ids.INVOICE, invoice.replaces_id) if invoice.replaces_id else None,
        "replaced_by": ids.encode(ids.INVOICE, full.replaced_by) if full.replaced_by else None,
        "issuer": party_json(invoice.issuer, ISSUER),
        "customer": party_json(invoice.customer, CUSTOMER),
        "lines": [line_json(line, invoice, address) for line in full.lines],
        "exact_amount": amount_text(invoice.exact),
        "rounding": amount_text(invoice.net - invoice.exact),
        "net": coins(invoice.net),
        "tax": {
            "label": invoice.tax_label,
            "rate": price_text(invoice.tax_rate) if invoice.tax_rate is not None else None,
            "note": invoice.tax_note or None,
            "base": coins(invoice.net),
            "amount": coins(invoice.tax),
            "exchanged": _exchanged(invoice),
        },
        "total": coins(invoice.total),
        "paid_from_balance": coins(invoice.paid_from_balance),
        "amount_due": coins(invoice.amount_due),
        "amount_paid": coins(settled.paid),
        "amount_credited": coins(full.credited),
        "amount_credited_to_balance": coins(full.credited - settled.credited),
        "amount_left": coins(settled.left),
        "amount_creditable": coins(full.net_left),
        "payments": [payment_json(payment, full.reversal_of(payment), invoice.digits) for payment in full.received],
        "credit_notes": [ids.encode(ids.CREDIT_NOTE, note.id) for note in full.credit_notes],
        "payment_url": None if preview else payment_url(invoice),
        "pdf_url": f"{address}.pdf" if address else None,
        "xml_url": f"{address}.xml" if address and invoice.number else None,
        "cancellation_pdf_url": f"{address}/cancellation.pdf" if address and invoice.voided_at else None,
        "csv_url": f"{address}.csv" if address else None,
    }


def payment_json(payment: Payment, reversal: Payment | None, digits: int) -> dict[str, Any]:
    """Returns a payment, with what came beyond the invoice, and when and why it was taken back."""
    return {
        "id": ids.encode(ids.PAYMENT, payment.id),
        "object": "payment",
        "method": payment.method,
        "reference": payment.reference,
        "amount": minor_text(payment.amount + payment.overpaid, digits),
        "added_to_balance": minor_text(payment.overpaid, digits),
        "received_on": payment.received_on.isoformat(),
        "recorded_at": moment(payment.recorded_at),
        "reversed_at": moment(reversal.recorded_at) if reversal else None,
        "reversal_reason": reversal.reason if reversal else None,
    }


def party_json(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Returns a side of an invoice as it was; what older ones do not have is empty."""
    return {**{name: values.get(name, "") for name in names}, "postal_address": values.get("postal_address") or None}


def _exchanged(invoice: Invoice) -> dict[str, str] | None:
    """Returns the tax in the currency in which the issuer owes it, and by which rate."""
    own = Exchanged.of(invoice.issuer, invoice.tax)
    if own is None:
        return None
    return {
        "currency": own.currency,
        "rate": f"{own.rate:f}",
        "rate_on": own.on,
        "source": own.source,
        "amount": minor_text(own.amount, own.digits),
    }


def line_json(line: InvoiceLine, invoice: Invoice, address: str | None) -> dict[str, Any]:
    entry = line.ledger_transaction_id
    is_usage = line.type == InvoiceLine.Type.USAGE
    return {
        "number": line.number,
        "type": line.type,
        "description": line_text(line),
        "model": line.model or None,
        "image_size": line.image_size or None,
        "kind": line.kind or None,
        "tier": line.tier or None,
        "images": line.images,
        "quantity": line.quantity,
        "unit": line.unit or None,
        "unit_price": price_text(line.unit_price) if line.unit_price is not None else None,
        "exact_amount": amount_text(line.exact),
        "amount": minor_text(line.amount, invoice.digits),
        "ledger_transaction_id": ids.encode(ids.LEDGER_TRANSACTION, entry) if entry else None,
        "generations_url": f"{address}/lines/{line.number}/generations" if address and is_usage else None,
    }


def line_generation_json(row: LineGeneration) -> dict[str, Any]:
    return {
        "generation_id": ids.encode(ids.GENERATION, row.generation_id),
        "billing_date": row.billing_date.isoformat(),
        "images": row.images,
        "quantity": row.quantity,
        "exact_amount": amount_text(row.amount),
        "settled_at": moment(row.at),
    }


def invoice_csv(full: FullInvoice, style: CsvStyle = PLAIN) -> Iterator[bytes]:
    """Yields a row per line, and one of type `tax`; the column `amount` sums to the invoice's total."""
    invoice = full.invoice
    tail = (invoice.currency,)
    yield (BOM if style.bom else b"") + csv_line(CSV_COLUMNS, style)
    for line in full.lines:
        shown = line_json(line, invoice, None)
        price = shown["unit_price"]
        yield csv_line(
            (invoice.number or "", *(shown[name] for name in ("number", "type", "description")),
             *(shown[name] or "" for name in ("model", "image_size", "kind", "tier")),
             *(shown[name] for name in ("images", "quantity")), shown["unit"] or "", Decimal(price) if price else "",
             *(Decimal(shown[name]) for name in ("exact_amount", "amount")), *tail),
            style,
        )  # fmt: skip
    if invoice.tax_rate is not None:
        tax = Decimal(minor_text(invoice.tax, invoice.digits))
        label = f"{invoice.tax_label or 'Tax'} {percent_text(invoice.tax_rate)}"
        empty = [""] * CSV_COLUMNS[4:-2].index("exact_amount")
        yield csv_line((invoice.number or "", "", "tax", label, *empty, "", tax, *tail), style)
