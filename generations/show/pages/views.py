"""The page that the `Link` header of the bare bytes leads to, for everybody who has its signed link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.selectors import GenerationDetail, generation_find, generations_load, tenant_of_generation
from generations.show.pages.display import display_of
from generations.show.signed_urls import url_verify

# No script, no inline style, nothing from another host: the page shows what others wrote.
PAGE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# Google's snippet brings its own style and pictures. `sandbox` also holds for who opens its address alone: no script
# and no origin. Its links open the search results in a tab of their own, which is not confined.
SUGGESTIONS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEADERS = {
    # What the address signs must neither leak to the pages that are linked nor stay in a shared cache or an index.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
def generation_page(request: HttpRequest, generation_id: str) -> HttpResponse:
    """The page of a generation: pictures and text as the model gave them, with what has to stand beside them."""
    if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
        known = ids.decode(ids.GENERATION, generation_id) is not None
        return _page("refused", {"generation_id": generation_id if known else None}, status=403)
    detail = _load(generation_id)
    if detail is None:
        return _page("missing", {}, status=404)
    shown = display_of(detail)
    page = _page("generation", {"shown": shown})
    if shown.pending:
        page.headers["Refresh"] = "3"
    return page


@require_safe
def suggestions_page(request: HttpRequest, generation_id: str, number: int) -> HttpResponse:
    """A search-suggestion snippet, byte for byte, as a document of its own that can do nothing but link."""
    headers = {
        **HEADERS,
        "Content-Security-Policy": SUGGESTIONS_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        # With another value a browser refuses to open a sandboxed document by itself.
        "Cross-Origin-Opener-Policy": "unsafe-none",
    }
    if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
        return HttpResponse("This link has expired; reload the page.", "text/plain", 403, headers=headers)
    detail = _load(generation_id)
    snippets = (detail.content.grounding or {}).get("search_suggestions", []) if detail else []
    if not 0 < number <= len(snippets):
        return HttpResponse("There is nothing here.", "text/plain", 404, headers=headers)
    html = render_to_string("generations/suggestions.html", {"snippet": snippets[number - 1]})
    return HttpResponse(html, headers=headers)


def _load(generation_id: str) -> GenerationDetail | None:
    decoded_id = ids.decode(ids.GENERATION, generation_id)
    tenant_id = tenant_of_generation(decoded_id) if decoded_id else None
    if decoded_id is None or tenant_id is None:
        return None
    with tenant_context(tenant_id):
        # A signed address names exactly one generation, live or test.
        generation = generation_find(decoded_id, livemode=None)
        return generations_load([generation])[0] if generation else None


def _page(name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    # Rendered without the request: no session, no person, nothing that differs between two viewers.
    html = render_to_string(f"generations/{name}.html", context)
    headers = {**HEADERS, "Content-Security-Policy": PAGE_POLICY, "X-Frame-Options": "DENY"}
    return HttpResponse(html, status=status, headers=headers)
