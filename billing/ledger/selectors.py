"""Reads of the ledger: transactions with their entries, for operators, and a wallet's statement with its balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Exists, OuterRef, Q, Sum

from billing.models import LedgerEntry, LedgerTransaction, Wallet
from billing.money import ZERO
from cavendish.db import ids
from cavendish.db.router import current_alias

Kind = LedgerTransaction.Kind
SKEW = timedelta(hours=1)
"""How far a transaction's id, which is ordered by time, may lie from its time at most."""


@dataclass(frozen=True)
class LedgerFilters:
    """What is looked for: `kind` is of a transaction, `account` of an entry; `end` is exclusive."""

    tenant_id: UUID | None = None
    livemode: bool | None = None
    kind: str | None = None
    account: str | None = None
    currency: str | None = None
    generation_id: UUID | None = None
    invoice_id: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Booked:
    """A transaction of the ledger and its entries, which sum to zero."""

    transaction: LedgerTransaction
    entries: list[LedgerEntry]


def ledger_transactions(filters: LedgerFilters, *, before: UUID | None = None, limit: int = 50) -> list[Booked]:
    """Returns transactions of all tenants or one, the newest first; `before` is the last id of the page before.

    As the operator.
    """
    rows = LedgerTransaction.objects.filter(_conditions(filters)).select_related("tenant").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    page = list(rows[:limit])
    booked = {transaction.id: Booked(transaction, []) for transaction in page}
    for entry in LedgerEntry.objects.filter(transaction_id__in=booked).order_by("id"):
        booked[entry.transaction_id].entries.append(entry)
    return list(booked.values())


def ledger_transaction(transaction_id: UUID) -> Booked | None:
    transaction: LedgerTransaction | None = (
        LedgerTransaction.objects.filter(id=transaction_id).select_related("tenant").first()
    )
    if transaction is None:
        return None
    return Booked(transaction, list(transaction.entries.order_by("id")))


def _conditions(filters: LedgerFilters) -> Q:
    conditions = Q()
    for name in ("tenant_id", "livemode", "kind", "invoice_id"):
        if (value := getattr(filters, name)) is not None:
            conditions &= Q(**{name: value})
    if filters.generation_id is not None:
        conditions &= _of_generation(filters.generation_id)
    if filters.start is not None:
        conditions &= Q(at__gte=filters.start, id__gte=ids.first_at(filters.start - SKEW))
    if filters.end is not None:
        conditions &= Q(at__lt=filters.end, id__lt=ids.first_at(filters.end + SKEW))
    parts: dict[str, str] = {}
    if filters.account is not None:
        parts["account"] = filters.account
    if filters.currency is not None:
        parts["currency"] = filters.currency
    if parts:
        conditions &= Q(Exists(LedgerEntry.objects.filter(transaction_id=OuterRef("id"), **parts)))
    return conditions


def _of_generation(generation_id: UUID) -> Q:
    """Returns the condition in the words of the indexes that there are: of charges, and of a tenant's corrections."""
    charge = LedgerTransaction.objects.filter(kind=Kind.CHARGE, generation_id=generation_id)
    tenant_id = charge.values_list("tenant_id", flat=True).first()
    if tenant_id is None:
        return Q(pk=None)
    corrections = Q(tenant_id=tenant_id, kind__in=(Kind.ADJUSTMENT, Kind.REFUND), generation_id=generation_id)
    return Q(kind=Kind.CHARGE, generation_id=generation_id) | corrections


@dataclass(frozen=True)
class StatementCursor:
    """The end of a page: the last entry on it, and the balance before that entry."""

    entry_id: int
    balance: Decimal


@dataclass(frozen=True)
class StatementRow:
    """A wallet's entry, and the balance right after it."""

    entry: LedgerEntry
    balance: Decimal


@dataclass(frozen=True)
class WalletStatement:
    """The newest entry first. `opening` is the balance before `start`, `closing` the one at `end`, or now.

    They stand on the first page alone; `next` is None on the last one.
    """

    currency: str
    opening: Decimal | None
    closing: Decimal | None
    rows: list[StatementRow]
    next: StatementCursor | None


def wallet_statement(
    *,
    tenant_id: UUID,
    livemode: bool = True,
    start: datetime | None = None,
    end: datetime | None = None,
    after: StatementCursor | None = None,
    limit: int = 50,
) -> WalletStatement | None:
    """Returns a page of a wallet's entries with running balances; None where there is no wallet. As the operator.

    Each balance is the one of the page before without its entries, so a page costs what it shows, however deep.
    """
    wallet: Wallet | None = Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).first()
    if wallet is None:
        return None
    rows = LedgerEntry.objects.filter(tenant_id=tenant_id, livemode=livemode, account=LedgerEntry.Account.WALLET)
    opening = closing = None
    if after is None:
        opening, closing = _balances(tenant_id, livemode, start, end)
        balance = closing
    else:
        rows, balance = rows.filter(id__lt=after.entry_id), after.balance
    if start is not None:
        rows = rows.filter(at__gte=start)
    if end is not None:
        rows = rows.filter(at__lt=end)
    found: Sequence[LedgerEntry] = list(rows.select_related("transaction").order_by("-id")[: limit + 1])
    page = []
    for entry in found[:limit]:
        page.append(StatementRow(entry, balance))
        balance -= entry.amount
    following = StatementCursor(page[-1].entry.id, balance) if len(found) > limit else None
    return WalletStatement(wallet.currency, opening, closing, page, following)


_BALANCES = """
    SELECT w.balance - coalesce(sum(e.amount), 0),
           w.balance - coalesce(sum(e.amount) FILTER (WHERE e.at >= %(end)s), 0)
    FROM billing_wallet w
    LEFT JOIN billing_ledgerentry e ON e.tenant_id = w.tenant_id AND e.livemode = w.livemode
        AND e.account = 'wallet' AND e.at >= %(start)s
    WHERE w.tenant_id = %(tenant)s AND w.livemode = %(livemode)s
    GROUP BY w.balance"""


def _balances(tenant_id: UUID, livemode: bool, start: datetime | None, end: datetime | None) -> tuple[Decimal, Decimal]:
    """Returns the balances before `start` and at `end`, in one statement, so that they are of one moment.

    They are counted back from the balance as it is. Without a start all entries are counted, which sum to it.
    """
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "livemode": livemode,
        "start": start or "-infinity",
        "end": end or "infinity",
    }
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_BALANCES, values)
        opening, closing = cursor.fetchone()
    return opening, closing


def top_up_left(top_up: LedgerTransaction) -> Decimal:
    """Returns how much of a top-up was not taken back yet."""
    wallet = LedgerEntry.objects.filter(account=LedgerEntry.Account.WALLET)
    booked = wallet.filter(transaction=top_up).aggregate(sum=Sum("amount"))["sum"] or ZERO
    taken = wallet.filter(transaction__reverses_id=top_up.id).aggregate(sum=Sum("amount"))["sum"] or ZERO
    left: Decimal = booked + taken
    return left
