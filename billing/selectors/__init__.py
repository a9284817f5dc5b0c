"""Reads of billing."""

from __future__ import annotations

from billing.selectors.budgets import BudgetUse, budget_find, budget_uses, budgets_listed
from billing.selectors.prices import PriceBook, price_book
from billing.selectors.wallets import allowance_left

__all__ = ["BudgetUse", "PriceBook", "allowance_left", "budget_find", "budget_uses", "budgets_listed", "price_book"]
