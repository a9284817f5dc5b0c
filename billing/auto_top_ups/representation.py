from __future__ import annotations

from typing import Any

from billing.models import AutoTopUp
from billing.money import amount_text
from cavendish.http.times import moment


def auto_top_up_json(terms: AutoTopUp, *, currency: str) -> dict[str, Any]:
    return {
        "object": "auto_top_up",
        "enabled": terms.enabled,
        "threshold": amount_text(terms.threshold),
        "amount": amount_text(terms.amount),
        "monthly_limit": amount_text(terms.monthly_limit) if terms.monthly_limit is not None else None,
        "currency": currency,
        "failures": terms.failures,
        "retry_at": moment(terms.retry_at),
        "disabled_reason": terms.disabled_reason or None,
    }
