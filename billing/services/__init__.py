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
from billing.services.credits import credit_grant, credits_expire, credits_of_plans
from billing.services.plans import PlanTerms, plan_create, plan_ensure, plan_update, plan_version_add, tenant_open
from billing.services.prices import NewPrice, prices_add, prices_preview, prices_ship
from billing.services.refunds import charge_refund, flagged_charge_resolve
from billing.services.subscriptions import subscription_change, subscriptions_begin
from billing.services.usage import usage_partitions_make, usage_platform_refresh, usage_tags_set
from billing.services.wallets import (
    wallet_adjust,
    wallet_credit_limit_set,
    wallet_threshold_set,
    wallet_top_up,
    wallets_watch,
)

__all__ = [
    "NewPrice",
    "PlanTerms",
    "budget_alerts_mail",
    "budget_create",
    "budget_delete",
    "budget_refusal_tell",
    "budget_update",
    "budgets_default",
    "charge_refund",
    "credit_grant",
    "credits_expire",
    "credits_of_plans",
    "flagged_charge_resolve",
    "plan_create",
    "plan_ensure",
    "plan_update",
    "plan_version_add",
    "prices_add",
    "prices_preview",
    "prices_ship",
    "subscription_change",
    "subscriptions_begin",
    "tenant_open",
    "usage_partitions_make",
    "usage_platform_refresh",
    "usage_tags_set",
    "wallet_adjust",
    "wallet_credit_limit_set",
    "wallet_threshold_set",
    "wallet_top_up",
    "wallets_watch",
]
