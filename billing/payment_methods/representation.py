from __future__ import annotations

from typing import Any

from billing.models import PaymentMethod
from cavendish.db import ids
from cavendish.http.times import moment


def payment_method_json(method: PaymentMethod) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.PAYMENT_METHOD, method.id),
        "object": "payment_method",
        "type": method.type,
        "brand": method.brand or None,
        "last4": method.last4 or None,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "default": method.is_default,
        "created_at": moment(method.created_at),
    }
