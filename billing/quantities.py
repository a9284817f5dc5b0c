"""What budgets limit and count, as JSON carries it and as people read it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from billing.models import Budget
from billing.money import amount_text, price_text
from cavendish.db import ids

SCOPE_PREFIXES = {"tenant": ids.TENANT, "key": ids.API_KEY, "member": ids.USER}
SCOPE_WORDS = {"tenant": "this tenant", "key": "this API key", "member": "this member"}
PERIOD_WORDS = {"day": "daily", "week": "weekly", "month": "monthly", "total": "total"}
UNITS = {"images": ("picture", "pictures"), "tokens": ("token", "tokens"), "requests": ("request", "requests")}


def scope_text(scope: str, scope_id: UUID) -> str:
    """Returns the public id of what a budget limits."""
    return ids.encode(SCOPE_PREFIXES[scope], scope_id)


def quantity_json(metric: str, value: Decimal) -> str | int:
    """Returns money as a string with all its places, anything else as a whole number."""
    return amount_text(value) if metric == Budget.Metric.MONEY else int(value)


def quantity_text(metric: str, value: Decimal, currency: str | None) -> str:
    """Returns it for people: "4.90 USD", "1 picture", "12,000 tokens". Money has a currency."""
    if metric == Budget.Metric.MONEY:
        return f"{price_text(value)} {currency}"
    one, many = UNITS[metric]
    return f"{int(value):,} {one if value == 1 else many}"
