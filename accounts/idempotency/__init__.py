"""`Idempotency-Key`: a POST that is sent again gets the first one's answer. Decision 0020 says how."""

from __future__ import annotations

from accounts.idempotency.keyed_request import (
    KeyedRequest,
    created_note,
    current_keyed_request,
    keyed_request_aside,
    note_audited,
    note_created,
)
from accounts.idempotency.views import IdempotentView, Replay

__all__ = [
    "IdempotentView",
    "KeyedRequest",
    "Replay",
    "created_note",
    "current_keyed_request",
    "keyed_request_aside",
    "note_audited",
    "note_created",
]
