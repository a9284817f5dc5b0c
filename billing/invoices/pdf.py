"""Invoices and credit notes as PDF, laid out by Typst from `invoice.typ`.

Nothing of the machine goes in: fonts come from wheels, the time is the invoice's own. So the same version of the
library makes the same bytes; that they stay the same for ever is the store's doing (documents.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

import typst

from billing.invoices.labels import (
    count,
    date_text,
    figure,
    group_text,
    line_text,
    percent_text,
    period_text,
    quantity_text,
    rate_text,
)
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine

TEMPLATE = Path(__file__).with_name("invoice.typ")
# The compiler keeps state between calls, so one thread uses it at a time; a page takes some ten milliseconds.
_lock = Lock()


@cache
def _compiler() -> typst.Compiler:
    folders = [str(files("fontpkg_inter") / "files"), str(files("manimgx_fonts_cjk") / "")]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)


def pdf_render(content: dict[str, Any], *, at: datetime) -> bytes:
    """Returns the PDF (PDF/A-2b, for archives) of what `invoice_content` or `credit_note_content` prepared."""
    with _lock:
        pdf = _compiler().compile(
            format="pdf",
            sys_inputs={"data": json.dumps(content)},
            pdf_standards=["a-2b"],
            timestamp=int(at.timestamp()),
        )
    assert isinstance(pdf, bytes)
    return pdf


def invoice_pdf(invoice: Invoice, lines: Sequence[InvoiceLine], *, logo: bytes | None = None) -> bytes:
    at = invoice.finalised_at or invoice.refreshed_at
    return pdf_render(invoice_content(invoice, lines, logo=logo), at=at)


def credit_note_pdf(
    note: CreditNote, invoice: Invoice, lines: Sequence[CreditNoteLine], *, logo: bytes | None = None
) -> bytes:
    return pdf_render(credit_note_content(note, invoice, lines, logo=logo), at=note.created_at)


def invoice_content(invoice: Invoice, lines: Sequence[InvoiceLine], *, logo: bytes | None = None) -> dict[str, Any]:
    """Returns everything that stands on an invoice, as text. Decides nothing: each figure is the row's."""
    currency, digits = invoice.currency, invoice.digits
    number = invoice.number or "Draft"
    due = f"{figure(invoice.amount_due, digits)} {currency}"
    groups = [_group(name, list(rows), digits) for name, rows in groupby(lines, key=group_text)]
    facts = [["Invoice number", number], ["Period", period_text(invoice)]]
    if invoice.issued_on is not None:
        facts.insert(1, ["Issued", date_text(invoice.issued_on)])
    payment = ""
    if invoice.amount_due and invoice.due_on is not None:
        facts.append(["Due", date_text(invoice.due_on)])
        payment = f"Please pay {due} by {date_text(invoice.due_on)} and quote {number}."
    headline = f"{due} due" + (f" {date_text(invoice.due_on)}" if invoice.due_on else "")
    return {
        **_parties(invoice, logo),
        "title": "Invoice",
        "number": number,
        "draft": invoice.status == Invoice.Status.DRAFT,
        "currency": currency,
        "facts": _with_reference(facts, invoice),
        "headline": headline if invoice.amount_due else f"{figure(invoice.total, digits)} {currency}",
        "subline": "" if invoice.amount_due else "Paid from your balance. Nothing is due.",
        "columns": ["Quantity", "Unit price"],
        "groups": groups,
        "totals": _totals(invoice, due),
        "notes": _notes(invoice),
        "payment": payment,
    }


def credit_note_content(
    note: CreditNote, invoice: Invoice, lines: Sequence[CreditNoteLine], *, logo: bytes | None = None
) -> dict[str, Any]:
    """Returns everything that stands on a credit note. `lines` come with their invoice lines, in their order."""
    currency, digits = invoice.currency, invoice.digits
    groups = [
        {
            "name": name,
            "note": "",
            "rows": [
                [line_text(row.invoice_line), "", f"line {row.invoice_line.number}", figure(row.amount, digits)]
                for row in rows
            ],
        }
        for name, rows in groupby(lines, key=lambda row: group_text(row.invoice_line))
    ]
    totals = [["Net", figure(note.net, digits), ""], *_tax(invoice, note.tax)]
    totals.append(["Total credited", f"{figure(note.total, digits)} {currency}", "strong"])
    if note.to_due:
        totals.append([f"Taken off {invoice.number}", figure(note.to_due, digits), ""])
    if note.to_balance:
        totals.append(["Added to your balance", figure(note.to_balance, digits), ""])
    facts = [
        ["Credit note number", note.number],
        ["Issued", date_text(note.issued_on)],
        ["For invoice", str(invoice.number)],
        ["Period", period_text(invoice)],
    ]
    return {
        **_parties(note, logo),
        "title": "Credit note",
        "number": note.number,
        "draft": False,
        "currency": currency,
        "facts": _with_reference(facts, invoice),
        "headline": f"{figure(note.total, digits)} {currency} credited",
        "subline": "",
        "columns": ["", "Invoice line"],
        "groups": groups,
        "totals": totals,
        "notes": [note.reason, *([invoice.tax_note] if invoice.tax_note else [])],
        "payment": "",
    }


def _group(name: str, lines: Sequence[InvoiceLine], digits: int) -> dict[str, Any]:
    images = sum(line.images for line in lines)
    return {
        "name": name,
        "note": "" if not images else "1 image" if images == 1 else f"{count(images)} images",
        "rows": [
            [line_text(line), quantity_text(line), rate_text(line), figure(line.amount, digits)] for line in lines
        ],
    }


def _parties(document: Invoice | CreditNote, logo: bytes | None) -> dict[str, Any]:
    empty = {"name": "", "address": "", "tax_id": "", "email": "", "bank_details": "", "footer": ""}
    return {
        "issuer": {**empty, **document.issuer},
        "customer": {**empty, **document.customer},
        "logo": list(logo) if logo else None,  # Typst knows no base64
    }


def _with_reference(facts: list[list[str]], invoice: Invoice) -> list[list[str]]:
    reference = invoice.customer.get("reference")
    return [*facts, ["Your reference", reference]] if reference else facts


def _tax(invoice: Invoice, tax: Decimal) -> list[list[str]]:
    if invoice.tax_rate is None:
        return []
    label = f"{invoice.tax_label or 'Tax'} {percent_text(invoice.tax_rate)}"
    return [[label, figure(tax, invoice.digits), ""]]


def _totals(invoice: Invoice, due: str) -> list[list[str]]:
    digits = invoice.digits
    total = [
        ["Net", figure(invoice.net, digits), ""],
        *_tax(invoice, invoice.tax),
        ["Total", f"{figure(invoice.total, digits)} {invoice.currency}", "strong"],
    ]
    if invoice.paid_from_balance:
        total.append(["Paid from your balance", figure(-invoice.paid_from_balance, digits), ""])
    total.append(["Amount due", due, "strong"])
    return total


def _notes(invoice: Invoice) -> list[str]:
    exact = f"{invoice.exact:,.9f}"
    notes = [
        f"The exact sum of the lines is {exact} {invoice.currency}. Each line is rounded once, "
        f"which makes a difference of {figure(invoice.net - invoice.exact, 9)}."
    ]
    if invoice.tax_note:
        notes.insert(0, invoice.tax_note)
    if invoice.replaces_id is not None:
        notes.append("This invoice replaces one that is void.")
    return notes
