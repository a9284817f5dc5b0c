from __future__ import annotations

from billing.models.budgets import Budget, BudgetAlert, BudgetPeriod, Wallet
from billing.models.charges import BillingPeriod, Charge, Hold, HoldLine, UsageRecord, UsageRollup
from billing.models.ledger import LedgerEntry, LedgerTransaction
from billing.models.prices import Kind, Plan, Price, Subscription, Tier, Unit

__all__ = [
    "BillingPeriod",
    "Budget",
    "BudgetAlert",
    "BudgetPeriod",
    "Charge",
    "Hold",
    "HoldLine",
    "Kind",
    "LedgerEntry",
    "LedgerTransaction",
    "Plan",
    "Price",
    "Subscription",
    "Tier",
    "Unit",
    "UsageRecord",
    "UsageRollup",
    "Wallet",
]
