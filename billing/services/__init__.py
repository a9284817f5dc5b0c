"""Writes of billing. What belongs to a job's acceptance and end are SQL functions (billing/sql), called there."""

from __future__ import annotations

from billing.services.alerts import budget_alerts_mail
from billing.services.budgets import (
    budget_create,
    budget_delete,
    budget_refusal_tell,
    budget_update,
    budgets_default,
)
from billing.services.plans import plan_ensure, tenant_open
from billing.services.prices import prices_ship
from billing.services.usage import usage_partitions_make, usage_platform_refresh, usage_tags_set
from billing.services.wallets import wallet_top_up

__all__ = [
    "budget_alerts_mail",
    "budget_create",
    "budget_delete",
    "budget_refusal_tell",
    "budget_update",
    "budgets_default",
    "plan_ensure",
    "prices_ship",
    "tenant_open",
    "usage_partitions_make",
    "usage_platform_refresh",
    "usage_tags_set",
    "wallet_top_up",
]
