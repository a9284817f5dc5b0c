"""Invoices and credit notes as PDF, laid out by Typst from `invoice.typ`.

Nothing of the machine goes in: fonts come from wheels, the time is the invoice's own. So the same version of the
library makes the same bytes; that they stay the same for ever is the store's doing (documents.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import typst

from billing.e_invoices.document import Exchanged
from billing.e_invoices.embedding import factur_x_declare
from billing.invoices.labels import (
    address_text,
    count,
    date_text,
    figure,
    group_text,
    iban_text,
    line_text,
    percent_text,
    period_text,
    quantity_text,
    rate_text,
    terms_text,
)
from billing.invoices.payment_links import payment_url
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Receipt

TEMPLATE = Path(__file__).with_name("invoice.typ")
# The compiler keeps state between calls, so one thread uses it at a time; a page takes some ten milliseconds.
_lock = Lock()


@cache
def _compiler(template: Path) -> typst.Compiler:
    folders = [str(files("fontpkg_inter") / "files"), str(files("manimgx_fonts_cjk") / "")]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    return typst.Compiler(str(template), root=str(template.parent), font_paths=fonts)


def pdf_render(content: dict[str, Any], *, at: datetime, xml: bytes | None = None, template: Path = TEMPLATE) -> bytes:
    """Returns the PDF of what `invoice_content` or `credit_note_content` prepared, for archives.

    With an e-invoice attached it is PDF/A-3b and says so (Factur-X, ZUGFeRD), else PDF/A-2b. Other papers have a
    `template` of their own.
    """
    with _lock:
        pdf = _compiler(template).compile(
            format="pdf",
            sys_inputs={"data": json.dumps(content), "xml": xml.decode() if xml else ""},
            pdf_standards=["a-3b" if xml else "a-2b"],
            timestamp=int(at.timestamp()),
        )
    assert isinstance(pdf, bytes)
    return factur_x_declare(pdf) if xml else pdf


def invoice_pdf(
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    *,
    logo: bytes | None = None,
    replaces: tuple[str, date] | None = None,
    xml: bytes | None = None,
) -> bytes:
    """`replaces`: number and day of the void invoice in whose place it stands. `xml`: the e-invoice to attach."""
    at = invoice.finalised_at or invoice.refreshed_at
    return pdf_render(invoice_content(invoice, lines, logo=logo, replaces=replaces), at=at, xml=xml)


def credit_note_pdf(
    note: CreditNote,
    invoice: Invoice,
    lines: Sequence[CreditNoteLine],
    *,
    logo: bytes | None = None,
    xml: bytes | None = None,
) -> bytes:
    return pdf_render(credit_note_content(note, invoice, lines, logo=logo), at=note.created_at, xml=xml)


def cancellation_pdf(invoice: Invoice, *, logo: bytes | None = None) -> bytes:
    """Returns the paper that takes a void invoice back; the invoice's own stays as it was sent."""
    assert invoice.voided_at is not None
    return pdf_render(cancellation_content(invoice, logo=logo), at=invoice.voided_at)


def invoice_content(
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    *,
    logo: bytes | None = None,
    replaces: tuple[str, date] | None = None,
) -> dict[str, Any]:
    """Returns everything that stands on an invoice, as text. Decides nothing: each figure is the row's."""
    currency, digits = invoice.currency, invoice.digits
    number = invoice.number or "Draft"
    due = f"{figure(invoice.amount_due, digits)} {currency}"
    groups = [_group(name, list(rows), digits) for name, rows in groupby(lines, key=group_text)]
    facts = [["Invoice number", number], ["Period", period_text(invoice)]]
    if invoice.issued_on is not None:
        facts.insert(1, ["Issued", date_text(invoice.issued_on)])
    payment = ""
    if invoice.due_on is not None:
        facts += [["Due", date_text(invoice.due_on)], ["Terms", terms_text(invoice)]]
        if invoice.amount_due:
            payment = f"Please pay {due} by {date_text(invoice.due_on)} and quote {number}."
    if replaces:
        facts.append(["Replaces", f"{replaces[0]} of {date_text(replaces[1])}"])
    headline = f"{due} due" + (f" {date_text(invoice.due_on)}" if invoice.due_on else "")
    return {
        **parties_content(invoice, logo),
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
        "text": "",
        "notes": _notes(invoice, replaces),
        "payment": payment,
        "payment_url": (payment_url(invoice) or "") if payment else "",
    }


def cancellation_content(invoice: Invoice, *, logo: bytes | None = None) -> dict[str, Any]:
    """Returns everything that stands on the cancellation of a void invoice."""
    assert invoice.voided_at is not None
    assert invoice.issued_on is not None
    day = date_text(invoice.voided_at.astimezone(ZoneInfo(invoice.timezone)).date())
    total = f"{figure(invoice.total, invoice.digits)} {invoice.currency}"
    facts = [
        ["Cancels invoice", str(invoice.number)],
        ["Issued", date_text(invoice.issued_on)],
        ["Period", period_text(invoice)],
        ["Cancelled", day],
    ]
    text = (
        f"Invoice {invoice.number} of {date_text(invoice.issued_on)} is void since {day} and counts no more. "
        "Nothing is to be paid on it; what it had taken from your balance is back there. "
        "Another invoice for the same period follows, if anything is to be charged for it, and names this number."
    )
    return {
        **parties_content(invoice, logo),
        "title": "Cancellation",
        "number": str(invoice.number),
        "draft": False,
        "currency": invoice.currency,
        "facts": _with_reference(facts, invoice),
        "headline": f"Invoice {invoice.number} is void",
        "subline": "",
        "columns": [],
        "groups": [],
        "totals": [
            ["Net taken back", figure(-invoice.net, invoice.digits), ""],
            *_tax(invoice, -invoice.net, -invoice.tax),
            ["Total taken back", f"−{total}" if invoice.total else total, "strong"],
        ],
        "text": text,
        "notes": [f"Reason: {invoice.void_reason}"],
        "payment": "",
        "payment_url": "",
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
    totals = [["Net", figure(note.net, digits), ""], *_tax(invoice, note.net, note.tax)]
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
        **parties_content(note, logo),
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
        "text": "",
        "notes": [note.reason, *([invoice.tax_note] if invoice.tax_note else [])],
        "payment": "",
        "payment_url": "",
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


def parties_content(document: Invoice | CreditNote | Receipt, logo: bytes | None) -> dict[str, Any]:
    """Returns both sides of a paper as they were when it was issued, and the logo."""
    empty = dict.fromkeys(("name", "address", "tax_id", "email", "phone", "bank_details", "footer", "iban", "bic"), "")
    issuer, customer = document.issuer, document.customer
    return {
        "issuer": {**empty, **issuer, "address": address_text(issuer), "iban": iban_text(issuer.get("iban") or "")},
        "customer": {**empty, **customer, "address": address_text(customer)},
        "logo": list(logo) if logo else None,  # Typst knows no base64
    }


def _with_reference(facts: list[list[str]], invoice: Invoice) -> list[list[str]]:
    reference = invoice.customer.get("reference")
    return [*facts, ["Your reference", reference]] if reference else facts


def _tax(invoice: Invoice, net: Decimal, tax: Decimal) -> list[list[str]]:
    """Returns the row of the tax, which names what it is on, and what it is in the currency that it is owed in."""
    if invoice.tax_rate is None:
        return []
    label = f"{invoice.tax_label or 'Tax'} {percent_text(invoice.tax_rate)} of {figure(net, invoice.digits)}"
    rows = [[label, figure(tax, invoice.digits), ""]]
    own = Exchanged.of(invoice.issuer, tax)
    if own is not None:
        rate = f"at {own.rate:f} of {date_text(date.fromisoformat(own.on))}" + (f", {own.source}" if own.source else "")
        name = f"{invoice.tax_label or 'Tax'} in {own.currency} {rate}"
        rows.append([name, f"{figure(own.amount, own.digits)} {own.currency}", "quiet"])
    return rows


def _totals(invoice: Invoice, due: str) -> list[list[str]]:
    digits = invoice.digits
    total = [
        ["Net", figure(invoice.net, digits), ""],
        *_tax(invoice, invoice.net, invoice.tax),
        ["Total", f"{figure(invoice.total, digits)} {invoice.currency}", "strong"],
    ]
    if invoice.paid_from_balance:
        total.append(["Paid from your balance", figure(-invoice.paid_from_balance, digits), ""])
    total.append(["Amount due", due, "strong"])
    return total


def _notes(invoice: Invoice, replaces: tuple[str, date] | None) -> list[str]:
    exact = f"{invoice.exact:,.9f}"
    notes = [
        f"The exact sum of the lines is {exact} {invoice.currency}. Each line is rounded once, "
        f"which makes a difference of {figure(invoice.net - invoice.exact, 9)}."
    ]
    if invoice.tax_note:
        notes.insert(0, invoice.tax_note)
    if replaces:
        notes.append(f"This invoice replaces invoice {replaces[0]} of {date_text(replaces[1])}, which is void.")
    return notes
