"""Invoices: what a tenant used in a month of its time zone, drafted, numbered, mailed, paid, voided.

services          drafts at the month's end, closes the month, gives the number, voids (the scheduler, an operator)
ledger_entries    what payments, credit notes and voids share: the lock, what is left, entries in the ledger
documents, pdf    the PDFs, rendered once and kept; labels has their words, mails sends them

What must be atomic is in billing/sql/functions/invoice_*.sql. Payments come in through `billing.payments`, credit notes
through `billing.credit_notes`.
"""

from __future__ import annotations
