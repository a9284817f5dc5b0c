"""Payments of invoices: the one way in which money for an invoice comes into the ledger.

Today people record payments, in the admin or over the API (`method="manual"`). A payment provider is one more module
here: it starts its collection when it sees the event `invoice.finalised`, and when the provider reports that money
came, calls `payment_record` with its name as `method` and the provider's id as `reference`. That pair is unique, so a
notice that comes twice books once; nothing else has to change.
"""

from __future__ import annotations

from billing.payments.services import BALANCE, MANUAL, payment_from_balance, payment_record, payment_reverse

__all__ = ["BALANCE", "MANUAL", "payment_from_balance", "payment_record", "payment_reverse"]
