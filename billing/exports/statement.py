"""A wallet's month: what there was, what moved it, what is left. Charges are one movement a day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections

from billing.money import ZERO, amount_text
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.csv_files import CsvStyle, Write, csv_begin, csv_line

# In one statement, so that both balances and the movements are of one moment. Balances are counted back from the one
# there is.
SQL = """
    WITH wallet AS (
        SELECT balance, currency FROM billing_wallet WHERE tenant_id = %(tenant)s AND livemode = %(livemode)s
    ), later AS (
        SELECT t.id, t.kind, t.reason, t.reference, t.invoice_id, e.amount, t.at,
               (t.at AT TIME ZONE %(zone)s)::date AS day
        FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
        WHERE e.tenant_id = %(tenant)s AND e.livemode = %(livemode)s AND e.account = 'wallet' AND t.at >= %(start)s
    ), moved AS (
        SELECT day, kind, CASE WHEN kind <> 'charge' THEN id END AS id, max(reason) AS reason,
               max(reference) AS reference, CASE WHEN kind <> 'charge' THEN invoice_id END AS invoice_id,
               count(DISTINCT id) AS entries, sum(amount) AS amount, min(at) AS at
        FROM later WHERE at < %(end)s GROUP BY 1, 2, 3, 6
    )
    SELECT w.currency, w.balance - coalesce((SELECT sum(amount) FROM later), 0),
           w.balance - coalesce((SELECT sum(amount) FROM later WHERE at >= %(end)s), 0),
           coalesce((SELECT jsonb_agg(jsonb_build_array(m.day, m.kind, m.id, m.reason, m.reference, m.invoice_id,
                                                        m.entries, m.amount::text) ORDER BY m.day, m.at, m.id)
                     FROM moved m), '[]')::text
    FROM wallet w"""
COLUMNS = (
    "date",
    "kind",
    "amount",
    "balance",
    "currency",
    "jobs",
    "reason",
    "reference",
    "transaction_id",
    "invoice_id",
)


@dataclass(frozen=True)
class Movement:
    """A movement and the balance after it; of `charge` all of a day, which are `jobs`."""

    day: str
    kind: str
    transaction_id: UUID | None
    reason: str
    reference: str
    invoice_id: UUID | None
    jobs: int | None
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class MonthStatement:
    """`opening` and all movements sum to `closing`."""

    month: date
    zone: str
    currency: str
    opening: Decimal
    closing: Decimal
    movements: list[Movement]


def month_statement(
    *, tenant_id: UUID, livemode: bool, month: date, zone: str, start: datetime, end: datetime
) -> MonthStatement | None:
    """Returns a month of the tenant's time zone; None where there is no wallet. In its context, or as the operator."""
    values: dict[str, Any] = {"tenant": tenant_id, "livemode": livemode, "zone": zone, "start": start, "end": end}
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(SQL, values)
        row = cursor.fetchone()
    if row is None:
        return None
    currency, opening, closing, moved = row
    balance, movements = opening, []
    for day, kind, transaction, reason, reference, invoice, entries, text in json.loads(moved):
        amount = Decimal(text)
        balance += amount
        is_charge = kind == "charge"
        movements.append(
            Movement(
                day=day,
                kind=kind,
                transaction_id=UUID(transaction) if transaction else None,
                reason=reason,
                reference=reference,
                invoice_id=UUID(invoice) if invoice else None,
                jobs=entries if is_charge else None,
                amount=amount,
                balance=balance,
            )
        )
    return MonthStatement(month, zone, currency, opening, closing, movements)


def statement_json(statement: MonthStatement) -> dict[str, Any]:
    totals: dict[str, Decimal] = {}
    for row in statement.movements:
        totals[row.kind] = totals.get(row.kind, ZERO) + row.amount
    return {
        "object": "wallet_statement",
        "month": f"{statement.month:%Y-%m}",
        "timezone": statement.zone,
        "currency": statement.currency,
        "opening_balance": amount_text(statement.opening),
        "movements": [_movement_json(row) for row in statement.movements],
        "totals": {kind: amount_text(amount) for kind, amount in sorted(totals.items())},
        "closing_balance": amount_text(statement.closing),
    }


def _movement_json(row: Movement) -> dict[str, Any]:
    return {
        "date": row.day,
        "kind": row.kind,
        "amount": amount_text(row.amount),
        "balance": amount_text(row.balance),
        "jobs": row.jobs,
        "reason": row.reason,
        "reference": row.reference or None,
        "transaction_id": ids.encode(ids.LEDGER_TRANSACTION, row.transaction_id) if row.transaction_id else None,
        "invoice_id": ids.encode(ids.INVOICE, row.invoice_id) if row.invoice_id else None,
    }


def statement_export(write: Write, statement: MonthStatement, *, style: CsvStyle) -> None:
    """Writes the opening balance, the movements and the closing balance; the column `amount` sums to the difference."""
    csv_begin(write, COLUMNS, style)
    first = statement.month.isoformat()
    write(csv_line((first, "opening_balance", None, statement.opening, statement.currency, *[None] * 5), style))
    for row in statement.movements:
        transaction = ids.encode(ids.LEDGER_TRANSACTION, row.transaction_id) if row.transaction_id else ""
        invoice = ids.encode(ids.INVOICE, row.invoice_id) if row.invoice_id else ""
        write(
            csv_line(
                (row.day, row.kind, row.amount, row.balance, statement.currency, row.jobs, row.reason, row.reference,
                 transaction, invoice),
                style,
            )
        )  # fmt: skip
    last = statement.movements[-1].day if statement.movements else first
    write(csv_line((last, "closing_balance", None, statement.closing, statement.currency, *[None] * 5), style))
