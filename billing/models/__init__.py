from __future__ import annotations

from billing.models.budgets import Budget, BudgetAlert, BudgetPeriod, Wallet
from billing.models.charges import BillingPeriod, Charge, Hold, HoldLine
from billing.models.ledger import LedgerEntry, LedgerTransaction
from billing.models.prices import Kind, Plan, PlanVersion, Price, Subscription, Tier, Unit
from billing.models.usage import PlatformDay, UsageRecord, UsageRollup, UsageTag, UsageTagRollup, UsageTagValue

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
    "PlanVersion",
    "PlatformDay",
    "Price",
    "Subscription",
    "Tier",
    "Unit",
    "UsageRecord",
    "UsageRollup",
    "UsageTag",
    "UsageTagRollup",
    "UsageTagValue",
    "Wallet",
]
