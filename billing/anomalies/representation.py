"""Days out of a pattern as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import UsageAnomaly
from billing.money import amount_text
from cavendish.db import ids
from cavendish.http.times import moment


def anomaly_json(row: UsageAnomaly) -> dict[str, Any]:
    """Returns the JSON; `key_id` is null where it is the tenant as a whole."""
    return {
        "id": ids.encode(ids.ANOMALY, row.id),
        "object": "usage_anomaly",
        "tenant_id": ids.encode(ids.TENANT, row.tenant_id),
        "day": row.billing_date.isoformat(),
        "key_id": ids.encode(ids.API_KEY, row.api_key_id) if row.api_key_id else None,
        "used": amount_text(row.used),
        "usual": amount_text(row.usual),
        "limit": amount_text(row.limit),
        "currency": row.currency,
        "noticed_at": moment(row.noticed_at),
    }
