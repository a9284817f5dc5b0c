"""Ledger, invoices and payments as CSV, in the tenant's context, or as the operator, who sees whose they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing.exports.excerpt import Excerpt
from cavendish.http.csv_files import CsvStyle, Write, csv_copy

MONEY = frozenset({
    "amount", "net", "tax", "total", "paid_from_balance", "amount_due", "amount_paid", "amount_credited", "amount_left",
    "tax_rate", "exact",
})  # fmt: skip
WORDS = frozenset({"reason", "reference", "customer", "tenant", "actor", "method", "number", "invoice_number"})
LEDGER = """FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
    JOIN accounts_tenant a ON a.id = e.tenant_id
    WHERE e.account = 'wallet' AND (%(tenant)s::uuid IS NULL OR e.tenant_id = %(tenant)s)
        AND (%(livemode)s::boolean IS NULL OR e.livemode = %(livemode)s)
        AND t.at >= coalesce(%(start)s::timestamptz, '-infinity') AND t.at < coalesce(%(end)s::timestamptz, 'infinity')
        AND (%(kind)s::text IS NULL OR t.kind = %(kind)s)
    ORDER BY e.id"""
INVOICES = """FROM billing_invoice i JOIN accounts_tenant a ON a.id = i.tenant_id
    CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount), 0) AS amount FROM billing_payment p WHERE p.invoice_id = i.id) p
    CROSS JOIN LATERAL (
        SELECT i.status = 'finalised' AND i.due_on < (%(now)s::timestamptz AT TIME ZONE i.timezone)::date AS overdue) o
    CROSS JOIN LATERAL (SELECT coalesce(sum(c.total), 0) AS total FROM billing_creditnote c WHERE c.invoice_id = i.id) c
    WHERE %(livemode)s AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
        AND (%(status)s::text IS NULL OR i.status = %(status)s OR (%(status)s = 'overdue' AND o.overdue))
        AND (%(first)s::date IS NULL OR coalesce(i.issued_on, i.month) >= %(first)s)
        AND (%(last)s::date IS NULL OR coalesce(i.issued_on, i.month) < %(last)s)
    ORDER BY i.id"""
PAYMENTS = """FROM billing_payment p JOIN billing_invoice i ON i.id = p.invoice_id
    JOIN accounts_tenant a ON a.id = p.tenant_id
    WHERE %(livemode)s AND (%(tenant)s::uuid IS NULL OR p.tenant_id = %(tenant)s)
        AND (%(first)s::date IS NULL OR p.received_on >= %(first)s)
        AND (%(last)s::date IS NULL OR p.received_on < %(last)s)
    ORDER BY p.id"""


def id_sql(prefix: str, column: str) -> str:
    return f"'{prefix}_' || replace({column}::text, '-', '')"


def moment_sql(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


def ledger_export(
    write: Write,
    *,
    style: CsvStyle,
    tenant_id: UUID | None,
    livemode: bool | None,
    kind: str | None,
    start: datetime | None,
    end: datetime | None,
    operator: bool,
) -> None:
    """Writes the wallets' movements, the first first; their amounts sum to the balance."""
    columns = {
        "created_at": moment_sql("t.at"),
        "transaction_id": id_sql("txn", "t.id"),
        "kind": "t.kind",
        "amount": "e.amount",
        "currency": "e.currency",
        "reason": "t.reason",
        "reference": "t.reference",
        "generation_id": id_sql("gen", "t.generation_id"),
        "invoice_id": id_sql("inv", "t.invoice_id"),
        "credit_id": id_sql("cred", "e.credit_id"),
    }
    if operator:
        columns |= {"livemode": "e.livemode", "actor": "t.actor"}
    values = {"tenant": tenant_id, "livemode": livemode, "kind": kind, "start": start, "end": end}
    _write(columns, LEDGER, values, write, style=style, operator=operator)


def invoices_export(write: Write, excerpt: Excerpt, *, status: str | None) -> None:
    """Writes invoices with what was paid and credited; the days are those of issue."""
    left = "greatest(i.amount_due - invoice_settled(i.id), 0)"
    columns = {
        "id": id_sql("inv", "i.id"),
        "number": "i.number",
        "status": "CASE WHEN o.overdue THEN 'overdue' ELSE i.status END",
        "month": "to_char(i.month, 'YYYY-MM')",
        "issued_on": "i.issued_on",
        "due_on": "i.due_on",
        "customer": "i.customer->>'name'",
        "currency": "i.currency",
        "net": "round(i.net, i.digits)",
        "tax_rate": "trim_scale(i.tax_rate)",
        "tax": "round(i.tax, i.digits)",
        "total": "round(i.total, i.digits)",
        "paid_from_balance": "round(i.paid_from_balance, i.digits)",
        "amount_due": "round(i.amount_due, i.digits)",
        "amount_paid": "round(p.amount, i.digits)",
        "amount_credited": "round(c.total, i.digits)",
        "amount_left": f"CASE i.status WHEN 'finalised' THEN round({left}, i.digits) ELSE round(0, i.digits) END",
        "paid_at": moment_sql("i.paid_at"),
    }
    values = {**excerpt.values, "status": status, "now": timezone.now()}
    _write(columns, INVOICES, values, write, style=excerpt.style, operator=excerpt.operator)


def payments_export(write: Write, excerpt: Excerpt) -> None:
    """Writes payments of invoices, by the day that they came in."""
    columns = {
        "received_on": "p.received_on",
        "invoice_number": "i.number",
        "invoice_id": id_sql("inv", "i.id"),
        "method": "p.method",
        "reference": "p.reference",
        "amount": "round(p.amount, i.digits)",
        "currency": "p.currency",
        "recorded_at": moment_sql("p.recorded_at"),
    }
    _write(columns, PAYMENTS, excerpt.values, write, style=excerpt.style, operator=excerpt.operator)


def _write(
    columns: dict[str, str], rest: str, values: dict[str, Any], write: Write, *, style: CsvStyle, operator: bool
) -> None:
    if operator:
        columns = {"tenant_id": id_sql("ten", "a.id"), "tenant": "a.name", **columns}
    numbers, texts = MONEY & columns.keys(), WORDS & columns.keys()
    csv_copy(columns, rest, values, write, style=style, numbers=numbers, texts=texts)
