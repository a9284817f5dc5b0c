"""What the API's pages say before the operations. Apart, so that settings can name it without loading DRF."""

from __future__ import annotations

DESCRIPTION = """\
Pictures from Google's Gemini image models. Press **Authorize**, paste an API key, and try `POST /api/v1/generations`.

A key that begins with `cvd_test_` runs on the sandbox and costs nothing. Errors are RFC 9457 problems: `code` is
stable, `errors` point at each wrong value.
"""
TAGS = [
    {"name": "generations", "description": "Ask for pictures, wait, follow, cancel, erase."},
    {"name": "batches", "description": "Many generations in one request, at the batch price, when there is room."},
    {"name": "outputs", "description": "The pictures, byte for byte as the model made them."},
    {"name": "files", "description": "Pictures and videos to start from."},
    {"name": "quotes", "description": "What a generation would cost."},
    {
        "name": "usage",
        "description": "What was used and what it costs, by time, model, key, member, size, kind or metadata.",
    },
    {"name": "invoices", "description": "What each month costs, line by line down to the generations; credit notes."},
    {"name": "tenant", "description": "The tenant itself: status, settings, the use policy."},
    {"name": "keys", "description": "API keys: what they may do, from where, until when; rotation and revocation."},
    {"name": "members", "description": "Who belongs to the tenant, in which role, and who is invited."},
    {"name": "audit", "description": "Who changed what."},
    {"name": "operators", "description": "For the operator's own keys: tenants and everything of theirs."},
    {"name": "models", "description": "What each model takes, makes and costs."},
]
