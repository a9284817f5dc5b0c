"""Entries and transactions of the ledger as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import LedgerEntry, LedgerTransaction
from billing.money import amount_text
from cavendish.db import ids


def entry_json(entry: LedgerEntry, *, operator: bool) -> dict[str, Any]:
    """Returns an entry; for operators with its mode and with who caused it."""
    transaction = entry.transaction
    more = {"livemode": entry.livemode, "actor": transaction.actor} if operator else {}
    return {
        "transaction_id": ids.encode(ids.LEDGER_TRANSACTION, transaction.id),
        "object": "ledger_entry",
        "kind": transaction.kind,
        "amount": amount_text(entry.amount),
        "currency": entry.currency,
        "credit_id": ids.encode(ids.CREDIT, entry.credit_id) if entry.credit_id else None,
        "generation_id": ids.encode(ids.GENERATION, transaction.generation_id) if transaction.generation_id else None,
        "reason": transaction.reason,
        "created_at": entry.at,
        **more,
    }


def transaction_json(transaction: LedgerTransaction) -> dict[str, Any]:
    """Returns a transaction with its entries, its time read from the database."""
    transaction.refresh_from_db()
    return {
        "id": ids.encode(ids.LEDGER_TRANSACTION, transaction.id),
        "object": "ledger_transaction",
        "tenant_id": ids.encode(ids.TENANT, transaction.tenant_id),
        "livemode": transaction.livemode,
        "kind": transaction.kind,
        "generation_id": ids.encode(ids.GENERATION, transaction.generation_id) if transaction.generation_id else None,
        "reason": transaction.reason,
        "reference": transaction.reference or None,
        "reverses": ids.encode(ids.LEDGER_TRANSACTION, transaction.reverses_id) if transaction.reverses_id else None,
        "actor": transaction.actor,
        "created_at": transaction.at,
        "entries": [
            {
                "account": entry.account,
                "amount": amount_text(entry.amount),
                "currency": entry.currency,
                "credit_id": ids.encode(ids.CREDIT, entry.credit_id) if entry.credit_id else None,
            }
            for entry in transaction.entries.order_by("id")
        ],
    }
