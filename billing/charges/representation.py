"""Flagged charges as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import Charge, FlagResolution
from billing.money import amount_text
from cavendish.db import ids


def flagged_charge_json(charge: Charge) -> dict[str, Any]:
    resolution: FlagResolution | None = getattr(charge, "resolution", None)
    return {
        "generation_id": ids.encode(ids.GENERATION, charge.generation_id),
        "object": "flagged_charge",
        "tenant_id": ids.encode(ids.TENANT, charge.tenant_id),
        "livemode": charge.livemode,
        "flags": charge.flags,
        "status": charge.status,
        "reason": charge.reason,
        "amount": amount_text(charge.amount),
        "currency": charge.currency,
        "cost": amount_text(charge.cost),
        "absorbed": amount_text(charge.absorbed),
        "usage": charge.usage,
        "lines": charge.lines,
        "billing_date": charge.billing_date,
        "created_at": charge.created_at,
        "resolution": None if resolution is None else {
            "note": resolution.note,
            "adjustment": amount_text(resolution.adjustment),
            "actor": resolution.actor,
            "created_at": resolution.at,
        },
    }  # fmt: skip
