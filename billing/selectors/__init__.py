"""Reads of billing."""

from __future__ import annotations

from billing.selectors.budgets import BudgetUse, budget_find, budget_uses, budgets_listed
from billing.selectors.prices import PriceBook, price_book

__all__ = ["BudgetUse", "PriceBook", "budget_find", "budget_uses", "budgets_listed", "price_book"]
