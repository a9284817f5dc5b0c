"""Which addresses take how large a body: the one table of it, for the layer in front of Django and for proxies.

A path that no class names takes a small body. A test holds every URL pattern against the table, so a new address gets
its class here, and `deploy/nginx.conf.example` follows (tests/door).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

SMALL_BYTES = 2 * 1024 * 1024
MULTIPART_ROOM = 64 * 1024
"""A file of exactly the limit comes inside a form, whose borders and part headers are not the file's bytes."""


class Body(StrEnum):
    """How large a body may be."""

    NONE = "none"
    SMALL = "small"  # SMALL_BYTES
    REQUEST = "request"  # MAX_BODY_BYTES: prompts with inline pictures
    FILE = "file"  # MAX_FILE_BYTES


@dataclass(frozen=True)
class PathClass:
    """Addresses that are treated alike at the door.

    `pattern` matches whole paths. `chunked` says whether a body may come without its length, and is counted as it
    comes; 411 else. `gated` requests wait while Django works on as many as it may at once. `page` is what people see:
    where no body comes, Django's own pages say what is wrong.
    """

    name: str
    pattern: re.Pattern[str]
    body: Body
    chunked: bool = True
    gated: bool = True
    page: bool = False


def _class(
    name: str, pattern: str, body: Body, *, chunked: bool = True, gated: bool = True, page: bool = False
) -> PathClass:
    return PathClass(name, re.compile(pattern, re.VERBOSE), body, chunked, gated, page)


PROBES = _class("probes", r"/(healthz|livez|readyz|metrics)", Body.NONE, chunked=False, gated=False)
DOCUMENTS = _class(
    "documents", r"(/api/v1)?/openapi(-operator|-compat)?\.json | /api/v1/docs", Body.NONE, chunked=False
)
STATIC = _class("static", r"/static/.+", Body.NONE, chunked=False)
PAGES = _class(
    "pages",
    r"/ | /favicon\.ico | /login | /(account|admin|console|invitations|pay|g)(/.*)?",
    Body.SMALL,
    chunked=False,
    page=True,
)
CONSOLE_UPLOADS = _class(
    "console uploads", r"/console/(playground|batches)/upload", Body.FILE, chunked=False, page=True
)
UPLOADS = _class("uploads", r"/upload/v1(beta|alpha)?/files | /api/v1/files", Body.FILE)
WORK = _class(
    "work",
    r"""
    /api/v1/(generations|batches|quotes)
    | /v1(beta|alpha)?/interactions
    | /v1(beta|alpha)?/models/[^/]+:(generateContent|streamGenerateContent|countTokens|batchGenerateContent|predict)
    | /v1(beta1?|alpha)?/publishers/google/models/[^/]+:predict
    | /openai/v1/(images/(generations|edits)|chat/completions)
    | /v1(beta|alpha)?/openai/(images/(generations|edits)|chat/completions)
    """,
    Body.REQUEST,
)
MANAGEMENT = _class(
    "management",
    r"""
    /api/v1/(generations|batches|outputs|files|models|templates|collections|share-links)(/.+)?
    | /api/v1/(platform-)?guard-rules(/.+)?
    | /api/v1/(events|stream-tokens|webhook-endpoints|webhook-signing-secret)(/.+)?
    | /api/v1/(keys|members|invitations|audit-events|tenants?|operators|operator-keys)(/.+)?
    | /api/v1/(budgets|usage|usage\.csv|wallet|payment-methods|ledger|subscription|billing-profile)(/.+)?
    | /api/v1/(invoices|credit-notes|receipts|legal-entities|exchange-rates|flagged-charges|charges)(/.+)?
    | /api/v1/(plans|price-book|provider-events)(/.+)? | /api/v1/(ledger|journal|invoices|payments)\.csv
    | /v1(beta|alpha)?/(interactions|files|batches|models|tunedModels)(/.+)?
    | /v1(beta|alpha)?/webhooks([/:].+)? | /payments/[^/]+/webhook
    | /openai/v1/models(/.+)? | /v1(beta|alpha)?/openai/models(/.+)?
    """,
    Body.SMALL,
)
CLASSES = (PROBES, DOCUMENTS, STATIC, CONSOLE_UPLOADS, PAGES, UPLOADS, WORK, MANAGEMENT)
"""The first whose pattern matches is a path's."""
UNNAMED = _class("unnamed", r".*", Body.SMALL, chunked=False)


def path_class(path: str) -> PathClass:
    """The class of a path below the prefix that a proxy may have put before all addresses."""
    return next((known for known in CLASSES if known.pattern.fullmatch(path)), UNNAMED)
