"""The JSON of a legal hold."""

from __future__ import annotations

from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.models import LegalHold


def legal_hold_json(hold: LegalHold) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.LEGAL_HOLD, hold.id),
        "object": "legal_hold",
        "tenant_id": ids.encode(ids.TENANT, hold.tenant_id),
        "generation_id": ids.encode(ids.GENERATION, hold.generation_id) if hold.generation_id else None,
        "reason": hold.reason,
        "created_at": moment(hold.created_at),
        "released_at": moment(hold.released_at),
    }
