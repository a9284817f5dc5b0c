"""Invoices: what a tenant used in a month of its time zone, drafted, numbered, printed, sent, paid, taken back.

closing      draft at the month's end, close the month, give the number     (by the clock, or an operator)
voiding, credits      two ways to take an invoice back
reading, rendering    selectors; JSON and CSV
papers, sending       the PDF, made once and kept; mails

What must be atomic is in billing/sql/functions/invoice_*.sql. Payments come in through `billing.payments`.
"""

from __future__ import annotations
