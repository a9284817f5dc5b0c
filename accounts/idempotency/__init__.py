"""`Idempotency-Key`: a POST that is sent again gets the first one's answer. Decision 0020 says how."""

from __future__ import annotations

from accounts.idempotency.keyed_request import KeyedRequest, current_keyed_request, made_note, note_audited, note_made
from accounts.idempotency.views import IdempotentView, Replay

__all__ = [
    "IdempotentView",
    "KeyedRequest",
    "Replay",
    "current_keyed_request",
    "made_note",
    "note_audited",
    "note_made",
]
