"""A wallet's statement of a month: what it began with, each movement, what each day cost, what it ended with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery, Sum
from django.utils.translation import gettext as _

from accounts.models import Tenant
from billing.models import LedgerEntry, LedgerTransaction
from billing.money import ZERO
from billing.months import month_of
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read
from billing.wallets.month import WalletMonth
from cavendish.above.console.billing.money import LIVE, month_of_wallet
from cavendish.above.console.usage.months import ShownMonth
from cavendish.above.ui.formats import count
from cavendish.above.ui.ledger import movement_text


@dataclass(frozen=True)
class StatementLine:
    """A movement of a day, or what the day's jobs cost together; `balance` is the one after it."""

    day: date
    text: str
    amount: Decimal
    balance: Decimal
    kind: str
    invoice_id: Any = None


@dataclass(frozen=True)
class Statement:
    """`opening` + all lines = `closing`; the jobs of a day come after the money that came in on it."""

    wallet: WalletMonth
    lines: list[StatementLine]

    @property
    def opening(self) -> Decimal:
        return self.wallet.opening

    @property
    def closing(self) -> Decimal:
        return self.wallet.balance


def statement_read(tenant: Tenant, month: ShownMonth) -> Statement | None:
    """Returns the statement of a month; None without a wallet. In the tenant's context."""
    wallet = month_of_wallet(tenant, month)
    if wallet is None:
        return None
    found: list[tuple[date, int, str, Decimal, str, Any]] = []
    for row in _movements(tenant, month):
        on = row.at.astimezone(ZoneInfo(tenant.billing_timezone)).date()
        found.append((on, 0, movement_text(row), row.moved, row.kind, row.invoice_id))
    query = UsageQuery(start=month.first, end=month.end, livemode=LIVE, group_by=("day",), tenant_id=tenant.id)
    for used in usage_read(query).rows:
        day = used.group["day"]
        assert isinstance(day, date)
        if used.sums.amount:
            pictures = _("Jobs: %s pictures") % count(used.sums.images)
            found.append((day, 1, pictures, -used.sums.amount, "charge", None))
    balance, lines = wallet.opening, []
    for on, _place, text, amount, kind, invoice_id in sorted(found, key=lambda line: line[:2]):
        balance += amount
        lines.append(StatementLine(on, text, amount, balance, kind, invoice_id))
    return Statement(wallet, lines)


def _movements(tenant: Tenant, month: ShownMonth) -> list[Any]:
    """Returns what moved the wallet beside charges, with the sum of its entries there, the oldest first."""
    bounds = month_of(tenant_id=tenant.id, at=datetime.combine(month.first + timedelta(days=14), time(12), UTC))
    sides = LedgerEntry.objects.filter(transaction=OuterRef("pk"), account=LedgerEntry.Account.WALLET)
    moved = Subquery(sides.order_by().values("transaction").annotate(sum=Sum("amount")).values("sum"))
    kinds = [kind for kind in LedgerTransaction.Kind.values if kind != LedgerTransaction.Kind.CHARGE]
    rows = LedgerTransaction.objects.filter(
        tenant_id=tenant.id, livemode=LIVE, kind__in=kinds, at__gte=bounds.starts_at, at__lt=bounds.ends_at
    )
    return [row for row in rows.annotate(moved=moved).order_by("at", "id") if row.moved or ZERO]
