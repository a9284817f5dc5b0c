"""The introductions, the tags and the making of the OpenAPI documents, for the settings, which must not load DRF."""

from __future__ import annotations

DESCRIPTION = """\
Generate pictures with Google's Gemini image models. Click **Authorize**, paste an API key and try
`POST /api/v1/generations`.

Keys that begin with `cvd_test_` run on the sandbox and cost nothing. Errors are RFC 9457 problems: `code` is stable,
and `errors` point to each wrong value. All answers to a key have the headers `RateLimit-Policy` and `RateLimit`.
"""
OPERATORS_DESCRIPTION = """\
Run the platform: tenants, their money, prices, invoices and what was flagged. Click **Authorize** and paste an operator
key. What tenants' programs use is in a document of its own. Errors are RFC 9457 problems, as there.
"""
COMPAT_DESCRIPTION = """\
The addresses that the SDKs of Google and OpenAI call, as far as they are offered here. Errors have the form of the API
that is called. Pictures that are made here are billed, found and erased like those of the native API.
"""
DOCS_PAGE = """{
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  urls: [
    {name: "Tenants", url: "openapi.json"},
    {name: "Operators", url: "openapi-operator.json"},
    {name: "SDKs of Google and OpenAI", url: "openapi-compat.json"},
  ],
  persistAuthorization: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
}"""
"""What Swagger's script is told, in JavaScript: a choice of the documents."""
HOOKS = [
    "drf_spectacular.hooks.postprocess_schema_enums",
    "cavendish.http.openapi.define_shapes",
    "cavendish.http.openapi.describe_defaults",
    "cavendish.http.openapi.derive_shapes",
    "cavendish.http.openapi.describe_idempotency",
    "cavendish.http.openapi.describe_limits",
    "cavendish.http.openapi.share_parts",
]
"""What happens to the description of all addresses, in this order."""
TAGS = [
    {"name": "generations", "description": "Generate pictures; wait for, follow, cancel and erase generations."},
    {
        "name": "batches",
        "description": "Many generations in one request at the batch price, run when there is capacity.",
    },
    {"name": "outputs", "description": "The generated pictures, byte for byte as the model returned them."},
    {"name": "collections", "description": "Pictures under a name of your own."},
    {"name": "events", "description": "What happens, as a stream of server-sent events."},
    {"name": "webhooks", "description": "What happens, sent to your own addresses, signed and tried again."},
    {"name": "guard", "description": "Rules on requests, and hooks that are asked before and after."},
    {"name": "templates", "description": "Prompts with slots: those that are shipped, and your own in versions."},
    {"name": "files", "description": "Upload pictures and videos to use as input."},
    {"name": "quotes", "description": "The cost of a generation before it runs."},
    {
        "name": "usage",
        "description": "Usage and cost by time, model, key, member, size, kind or metadata.",
    },
    {
        "name": "budgets",
        "description": "Limits on money, pictures, tokens and requests in a period.",
    },
    {"name": "wallet", "description": "The balance, the credits, the plan, and every movement of money."},
    {"name": "payments", "description": "Cards and bank accounts that the payment provider keeps."},
    {"name": "invoices", "description": "Monthly invoices with lines down to the generation, and credit notes."},
    {"name": "tenant", "description": "Your tenant: its status, settings and use policy."},
    {"name": "keys", "description": "API keys: scopes, allowed addresses, expiry, rotation and revocation."},
    {"name": "members", "description": "Members and their roles, and invitations."},
    {"name": "audit", "description": "The audit log."},
    {"name": "models", "description": "The models with their capabilities and prices."},
    {"name": "operators", "description": "Tenants and everything of theirs. Requires an operator key."},
    {"name": "tenants", "description": "The money of a tenant. Requires an operator key."},
    {"name": "plans", "description": "Plans and the versions of their terms. Requires an operator key."},
    {"name": "prices", "description": "The price book: what is charged from when. Requires an operator key."},
    {"name": "charges", "description": "Charges that someone should look at, and refunds. Requires an operator key."},
]
