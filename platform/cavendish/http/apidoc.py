"""The introduction and the tags of the API's pages, for the settings, which must not load DRF."""

from __future__ import annotations

DESCRIPTION = """\
Generate pictures with Google's Gemini image models. Click **Authorize**, paste an API key and try
`POST /api/v1/generations`.

Keys that begin with `cvd_test_` run on the sandbox and cost nothing. Errors are RFC 9457 problems: `code` is stable,
and `errors` point to each wrong value.
"""
TAGS = [
    {"name": "generations", "description": "Generate pictures; wait for, follow, cancel and erase generations."},
    {
        "name": "batches",
        "description": "Many generations in one request at the batch price, run when there is capacity.",
    },
    {"name": "outputs", "description": "The generated pictures, byte for byte as the model returned them."},
    {"name": "guard", "description": "Rules on requests, and hooks that are asked before and after."},
    {"name": "templates", "description": "Prompts with slots: those that are shipped, and your own in versions."},
    {"name": "files", "description": "Upload pictures and videos to use as input."},
    {"name": "quotes", "description": "The cost of a generation before it runs."},
    {
        "name": "usage",
        "description": "Usage and cost by time, model, key, member, size, kind or metadata.",
    },
    {"name": "invoices", "description": "Monthly invoices with lines down to the generation, and credit notes."},
    {"name": "tenant", "description": "Your tenant: its status, settings and use policy."},
    {"name": "keys", "description": "API keys: scopes, allowed addresses, expiry, rotation and revocation."},
    {"name": "members", "description": "Members and their roles, and invitations."},
    {"name": "audit", "description": "The audit log."},
    {"name": "operators", "description": "Tenants and everything of theirs. Requires an operator key."},
    {"name": "models", "description": "The models with their capabilities and prices."},
]
