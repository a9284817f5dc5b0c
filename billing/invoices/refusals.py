"""Why an invoice was left as it is, in the words that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.errors import InvoiceRefused

WORDS = {
    "not_found": "There is no such invoice.",
    "not_draft": "Invoice {number} is {status}; only a draft can be finalised, and once.",
    "period_open": "The period is still open; it ends at {ends_at}.",
    "waiting": "Late jobs are waited for until {until}.",
    "no_legal_entity": "No legal entity issues this tenant's invoices: name one, or make one the default.",
    "empty": "Nothing was used in this month, so there is no invoice.",
    "draft": "The invoice is a draft; finalise it first.",
    "void": "Invoice {number} is void.",
    "paid": "Invoice {number} is paid.",
    "settled": "Payments or credit notes stand against invoice {number}; take it back with a credit note instead.",
    "balance_too_low": "The balance has been used since; take the invoice back with a credit note instead.",
    "payment_too_large": "Only {left} {currency} are left to pay on invoice {number}.",
    "payment_known": "This reference is recorded already for invoice {number}.",
    "nothing_left": "Invoice {number} has been credited in full.",
    "line_unknown": "Invoice {number} has no line {line}.",
    "line_exceeded": "Of line {line} of invoice {number} only {left} {currency} are left to credit.",
    "not_invoiced": "This tenant gets no invoices: its profile says so.",
}


def refused(code: str, facts: Mapping[str, Any] | None = None) -> InvoiceRefused:
    facts = dict(facts or {})
    return InvoiceRefused(code, WORDS[code].format(**facts), facts)
