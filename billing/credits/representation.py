"""Credits as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import Credit
from billing.money import amount_text
from cavendish.db import ids


def credit_json(credit: Credit) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.CREDIT, credit.id),
        "object": "credit",
        "source": credit.source,
        "amount": amount_text(credit.amount),
        "remaining": amount_text(credit.remaining),
        "currency": credit.currency,
        "expires_at": credit.expires_at,
        "created_at": credit.created_at,
    }
