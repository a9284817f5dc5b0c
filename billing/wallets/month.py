"""A month of a wallet as a sum that can be checked: what it began with + what came in − what was spent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connections

from billing.ledger.services import tax_kept
from billing.models import LedgerEntry, Wallet
from billing.money import ZERO
from billing.months import Month
from cavendish.db.router import current_alias

Account = LedgerEntry.Account

OTHER_ACCOUNTS = sorted({*Account.values} - {Account.WALLET, Account.REVENUE})
"""The ledger's accounts that no charge of a job moves. Revenue is moved by invoices too: FEES and CREDITED."""
FEES, CREDITED = "fees", "credited"
"""What invoices took for the plan, and what credit notes gave back: of the account of revenue, as jobs' charges are."""


@dataclass(frozen=True)
class Movement:
    """What one of OTHER_ACCOUNTS, FEES or CREDITED moved on the wallet in a month; positive came in."""

    account: str
    amount: Decimal


@dataclass(frozen=True)
class WalletMonth:
    """`opening` + what moved − `spent` = `balance`, at the month's end or now; − `held` − `tax_kept` = what is free.

    What is held, for how many jobs, the credit limit and what is kept back for tax are those of now.
    """

    currency: str
    opening: Decimal
    movements: list[Movement]
    spent: Decimal
    balance: Decimal
    held: Decimal
    held_jobs: int
    credit_limit: Decimal
    tax_kept: Decimal
    tax_rate: Decimal

    @property
    def free(self) -> Decimal:
        return self.balance + self.credit_limit - self.held - self.tax_kept

    @property
    def minus_tax_kept(self) -> Decimal:
        return -self.tax_kept

    @property
    def minus_spent(self) -> Decimal:
        return -self.spent

    @property
    def minus_held(self) -> Decimal:
        return -self.held


def wallet_month(
    *, tenant_id: UUID, livemode: bool, month: Month, spent: Decimal, spent_after: Decimal = ZERO
) -> WalletMonth | None:
    """Returns a month of a wallet; None without one. In the tenant's context or as the operator.

    `spent` is the month's usage, `spent_after` that of all days after it, both of the roll-ups by billing dates: so it
    is the figure of the usage report and of the invoice, and a million charges cost nothing here.
    """
    wallet: Wallet | None = Wallet.objects.filter(tenant_id=tenant_id, livemode=livemode).first()
    if wallet is None:
        return None
    with connections[current_alias()].cursor() as cursor:
        # Few rows: those of the accounts that no job moves, and of what belongs to an invoice.
        cursor.execute(
            """SELECT account, -coalesce(sum(amount) FILTER (WHERE at < %(end)s), 0),
                      -coalesce(sum(amount) FILTER (WHERE at >= %(end)s), 0)
               FROM (
                   SELECT e.account, e.amount, e.at FROM billing_ledgerentry e
                   WHERE e.tenant_id = %(tenant)s AND e.livemode = %(livemode)s AND e.account = ANY (%(accounts)s)
                       AND e.at >= %(start)s
                   UNION ALL
                   SELECT CASE t.kind WHEN 'credit_note' THEN %(credited)s ELSE %(fees)s END, e.amount, e.at
                   FROM billing_invoice i
                   JOIN billing_ledgertransaction t ON t.invoice_id = i.id AND t.livemode = %(livemode)s
                   JOIN billing_ledgerentry e ON e.transaction_id = t.id AND e.account = 'revenue'
                   WHERE i.tenant_id = %(tenant)s AND t.tenant_id = %(tenant)s AND e.tenant_id = %(tenant)s
                       AND e.at >= %(start)s) x
               GROUP BY account ORDER BY account""",
            {
                "fees": FEES,
                "credited": CREDITED,
                "tenant": tenant_id,
                "livemode": livemode,
                "accounts": OTHER_ACCOUNTS,
                "start": month.starts_at,
                "end": month.ends_at,
            },
        )
        sums = cursor.fetchall()
        cursor.execute(
            "SELECT count(*) FROM billing_hold WHERE tenant_id = %s AND status = 'held' AND livemode = %s",
            [tenant_id, livemode],
        )
        held_jobs = cursor.fetchone()[0]
    movements = [Movement(account, amount) for account, amount, _after in sums if amount]
    moved = sum((movement.amount for movement in movements), ZERO)
    closing = wallet.balance - sum((after for _account, _amount, after in sums), ZERO) + spent_after
    return WalletMonth(
        currency=wallet.currency,
        opening=closing - moved + spent,
        movements=movements,
        spent=spent,
        balance=closing,
        held=wallet.held,
        held_jobs=held_jobs,
        credit_limit=wallet.credit_limit,
        tax_kept=tax_kept(wallet),
        tax_rate=wallet.tax_rate,
    )
