from __future__ import annotations

from billing.models.anomalies import UsageAnomaly
from billing.models.budgets import Budget, BudgetAlert, BudgetPeriod
from billing.models.charges import BillingPeriod, Charge, Hold, HoldLine
from billing.models.dunning import DunningStep
from billing.models.entities import BillingProfile, LegalEntity, NumberSeries, TaxCategory
from billing.models.invoices import Invoice, InvoiceDocument, InvoiceLine
from billing.models.ledger import LedgerEntry, LedgerTransaction
from billing.models.prices import Kind, Plan, PlanVersion, Price, Subscription, Tier, Unit
from billing.models.providers import AutoTopUp, PaymentMethod, ProviderCustomer, ProviderEvent, ProviderPayment
from billing.models.receipts import ExchangeRate, Receipt
from billing.models.settlements import CreditNote, CreditNoteLine, Payment
from billing.models.usage import (
    PlatformDay,
    PlatformMonth,
    PlatformTotal,
    UsageRecord,
    UsageRollup,
    UsageTag,
    UsageTagRollup,
    UsageTagValue,
)
from billing.models.wallets import Allowance, AllowanceUse, Credit, FlagResolution, Wallet

__all__ = [
    "Allowance",
    "AllowanceUse",
    "AutoTopUp",
    "BillingPeriod",
    "BillingProfile",
    "Budget",
    "BudgetAlert",
    "BudgetPeriod",
    "Charge",
    "Credit",
    "CreditNote",
    "CreditNoteLine",
    "DunningStep",
    "ExchangeRate",
    "FlagResolution",
    "Hold",
    "HoldLine",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "Kind",
    "LedgerEntry",
    "LedgerTransaction",
    "LegalEntity",
    "NumberSeries",
    "Payment",
    "PaymentMethod",
    "Plan",
    "PlanVersion",
    "PlatformDay",
    "PlatformMonth",
    "PlatformTotal",
    "Price",
    "ProviderCustomer",
    "ProviderEvent",
    "ProviderPayment",
    "Receipt",
    "Subscription",
    "TaxCategory",
    "Tier",
    "Unit",
    "UsageAnomaly",
    "UsageRecord",
    "UsageRollup",
    "UsageTag",
    "UsageTagRollup",
    "UsageTagValue",
    "Wallet",
]
