"""What a tenant has: the wallet's month as a sum, how long it lasts, what is due, how money comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Tenant
from billing.forecasts.selectors import MonthForecast, month_forecast
from billing.invoices.ledger_entries import Settled
from billing.invoices.selectors import FullInvoice, fees_of, invoices_load
from billing.ledger.services import available
from billing.models import Invoice, Wallet
from billing.money import ZERO, minor_amount
from billing.months import month_of
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read
from billing.wallets.month import WalletMonth, wallet_month
from cavendish.above.console.usage.months import ShownMonth
from cavendish.above.ui.invoices import TODAY
from cavendish.db import ids
from cavendish.db.call import call_row

LIVE = True
"""Money is live: test jobs are free and on no invoice, so these pages show the same in both modes."""
LONG = 366
MOST_DUE = 5


@dataclass(frozen=True)
class Due:
    """An invoice with something left to pay."""

    invoice: Any
    settled: Settled
    is_late: bool

    @property
    def public_id(self) -> str:
        return ids.encode(ids.INVOICE, self.invoice.id)


@dataclass(frozen=True)
class PlanCosts:
    """What this month's invoice takes for the plan, with its tax, and what would be to pay if it came now."""

    amount: Decimal
    lacking: Decimal


@dataclass(frozen=True)
class PaidTo:
    """Who issues the tenant's invoices and where money is paid to; texts are empty where the operator set none."""

    name: str
    bank_details: str
    iban: str
    bic: str
    email: str

    @property
    def is_published(self) -> bool:
        """Whether it says where to pay to: as fields, in words, or both."""
        return bool(self.iban or self.bank_details)


def spent_in(tenant: Tenant, start: Any, end: Any) -> Decimal:
    """Returns what the days from `start` to before `end` cost, as the report of usage has it."""
    query = UsageQuery(start=start, end=end, livemode=LIVE, tenant_id=tenant.id)
    totals = usage_read(query).totals
    return totals[0].amount if totals else ZERO


def month_of_wallet(tenant: Tenant, month: ShownMonth, *, spent: Decimal | None = None) -> WalletMonth | None:
    """Returns a month of the wallet, None without one; `spent` is read where it is None. In the tenant's context."""
    middle = datetime.combine(month.first + timedelta(days=14), time(12), UTC)
    bounds = month_of(tenant_id=tenant.id, at=middle)
    after = ZERO if month.is_running else spent_in(tenant, month.end, month.today + timedelta(days=1))
    return wallet_month(
        tenant_id=tenant.id,
        livemode=LIVE,
        month=bounds,
        spent=spent_in(tenant, month.first, month.end) if spent is None else spent,
        spent_after=after,
    )


def lasts_days(wallet: Wallet, forecast: MonthForecast) -> int | None:
    """Returns for how many days what is free lasts at the pace of the last 28; None without one, or beyond a year."""
    pace = forecast.pace
    if pace is None or not pace.daily:
        return None
    days = int(max(available(wallet), ZERO) / pace.daily)
    return days if days < LONG else None


def forecast_of(tenant: Tenant) -> MonthForecast:
    return month_forecast(tenant, livemode=LIVE)


def invoices_due(tenant: Tenant) -> list[Due]:
    """Returns the invoices that are to be paid, the oldest first. In the tenant's context."""
    unpaid = Invoice.objects.filter(tenant_id=tenant.id, status=Invoice.Status.FINALISED).annotate(today=TODAY)
    rows = list(unpaid.order_by("id")[:MOST_DUE])
    found = [(row, full.settled) for row, full in zip(rows, invoices_load(rows), strict=True)]
    return [
        Due(row, settled, row.due_on is not None and row.due_on < row.today)
        for row, settled in found
        if settled.left > 0
    ]


def plan_costs(preview: FullInvoice, wallet: Wallet | None) -> PlanCosts | None:
    """Returns what a prepaid wallet does not keep back for its plan; None where there is nothing."""
    fees = fees_of(preview.lines)
    if wallet is None or wallet.credit_limit or fees <= 0:
        return None
    invoice = preview.invoice
    amount = minor_amount(fees * (1 + (invoice.tax_rate or ZERO) / 100), invoice.digits)
    return PlanCosts(amount, invoice.amount_due)


def paid_to(tenant: Tenant) -> PaidTo:
    """Returns where the tenant pays to. In its context."""
    parties = call_row("invoice_parties", tenant.id)
    issuer = parties["issuer"] if parties else {}
    return PaidTo(*(issuer.get(name, "") for name in ("name", "bank_details", "iban", "bic", "email")))
