"""The ledger as a journal for bookkeeping: debit and credit by account, plain or as DATEV's Buchungsstapel (datev.py).

What is booked for jobs is one line a day and tenant; everything else is a line for each entry. A positive entry is
credit, a negative one debit: the wallet is what is owed to a tenant, funding is the bank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from billing.money import ZERO
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.csv_files import CsvStyle, Write, csv_begin, csv_line

HOUR = timedelta(hours=1)
SKR03 = {
    "wallet": "1710",
    "funding": "1360",
    "receivable": "1410",
    "revenue": "8200",
    "adjustments": "8700",
    "refunds": "8710",
    "promotions": "8720",
    "tax": "1770",
    "rounding": "2150",
}
SQL = """
    SELECT (t.at AT TIME ZONE %(zone)s)::date AS day, t.tenant_id, a.name AS tenant, t.kind,
           CASE WHEN t.kind <> 'charge' THEN t.id END AS transaction_id, e.account, e.currency, i.number,
           CASE WHEN t.kind <> 'charge' THEN t.reference ELSE '' END AS reference,
           CASE WHEN t.kind <> 'charge' THEN t.reason ELSE '' END AS reason, sum(e.amount) AS amount
    FROM billing_ledgertransaction t
    JOIN billing_ledgerentry e ON e.transaction_id = t.id AND e.tenant_id = t.tenant_id
    JOIN accounts_tenant a ON a.id = t.tenant_id
    LEFT JOIN billing_invoice i ON i.id = t.invoice_id
    WHERE t.livemode AND (%(tenant)s::uuid IS NULL OR t.tenant_id = %(tenant)s) AND t.at >= %(start)s AND t.at < %(end)s
        AND t.id >= %(from_id)s AND t.id < %(to_id)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    HAVING sum(e.amount) <> 0
    ORDER BY 1, 2, min(t.id::text), e.account <> 'wallet', e.account"""
COLUMNS = (
    "date", "tenant_id", "tenant", "transaction_id", "kind", "account", "account_number", "debit", "credit", "currency",
    "document", "reference", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Posting:
    """An account's part of a transaction, or of a tenant's charges of a day. `amount` above zero is credit."""

    day: date
    tenant_id: UUID
    tenant: str
    kind: str
    transaction_id: UUID | None
    account: str
    currency: str
    document: str
    reference: str
    reason: str
    amount: Decimal


def journal(*, tenant_id: UUID | None, start: datetime, end: datetime, zone: str) -> Iterator[Posting]:
    """Yields the postings of live mode; days are those of `zone`. In the tenant's context, or as the operator."""
    values = {
        "tenant": tenant_id,
        "start": start,
        "end": end,
        "zone": zone,
        # an id begins with its time; an hour lies between the clocks at most
        "from_id": ids.first_at(start - HOUR),
        "to_id": ids.first_at(end + HOUR),
    }
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(SQL, values)
        for row in cursor.fetchall():
            day, tenant, name, kind, transaction, account, currency, number, reference, reason, amount = row
            yield Posting(
                day, tenant, name, kind, transaction, account, currency, number or "", reference, reason, amount
            )


def journal_export(write: Write, postings: Iterator[Posting], *, style: CsvStyle) -> None:
    """Writes the plain journal, whose debits and credits sum to the same."""
    csv_begin(write, COLUMNS, style)
    for row in postings:
        values: tuple[Any, ...] = (
            row.day.isoformat(),
            ids.encode(ids.TENANT, row.tenant_id),
            row.tenant,
            ids.encode(ids.LEDGER_TRANSACTION, row.transaction_id) if row.transaction_id else "",
            row.kind,
            row.account,
            account_number(row.account),
            -row.amount if row.amount < ZERO else None,
            row.amount if row.amount > ZERO else None,
            row.currency,
            row.document,
            row.reference,
            row.reason,
        )
        write(csv_line(values, style))


def account_number(account: str) -> str:
    """Returns the number that JOURNAL_ACCOUNTS gives an account of the ledger, else that of SKR 03."""
    given = dict(pair.split("=", 1) for pair in settings.JOURNAL_ACCOUNTS)
    return given.get(account, SKR03.get(account, ""))
