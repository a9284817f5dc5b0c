"""Reads of billing."""

from __future__ import annotations

from billing.selectors.prices import PriceBook, price_book

__all__ = ["PriceBook", "price_book"]
