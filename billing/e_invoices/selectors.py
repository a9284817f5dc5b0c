"""Reads what an e-invoice says, in a tenant's context or as the operator."""

from __future__ import annotations

from billing.e_invoices.document import EInvoice, e_credit_note_of, e_invoice_of
from billing.e_invoices.shortcomings import shortcomings_of_xrechnung
from billing.invoices.selectors import credit_note_lines, invoice_lines, replaced_of
from billing.models import CreditNote, Invoice


def e_invoice_read(invoice: Invoice) -> EInvoice:
    """Returns what an issued invoice says."""
    return e_invoice_of(invoice, invoice_lines(invoice), replaces=replaced_of(invoice))


def e_invoice_lacks(invoice: Invoice) -> list[str]:
    """Returns the fields that its XRechnung lacks, of a draft those that it would lack."""
    return shortcomings_of_xrechnung(e_invoice_of(invoice, [], replaces=None))


def e_credit_note_read(note: CreditNote) -> EInvoice:
    """Returns what a credit note says, with its invoice loaded."""
    return e_credit_note_of(note, note.invoice, credit_note_lines(note))


def e_credit_note_lacks(note: CreditNote) -> list[str]:
    """Returns the fields that its XRechnung lacks."""
    return shortcomings_of_xrechnung(e_credit_note_of(note, note.invoice, []))
