"""The page that the `Link` header of the bare bytes leads to, for everybody who has its signed link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.languages import in_browsers_language
from generations.selectors import (
    GenerationDetail,
    generation_find,
    generations_load,
    share_link_is_open,
    tenant_of_generation,
)
from generations.show.pages.display import Display, display_of
from generations.show.signed_urls import share_verify, url_verify

# No script, no inline style, nothing from another host: the page shows what others wrote.
PAGE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors "
)
# What is made to be embedded promises its host that it does nothing but link and save the picture. Without its origin
# the frames of suggestions in it would have a stranger for an ancestor.
EMBED_SANDBOX = "; sandbox allow-downloads allow-popups allow-popups-to-escape-sandbox allow-same-origin"
# Google's snippet brings its own style and pictures. `sandbox` also holds for who opens its address alone: no script
# and no origin. Its links open the search results in a tab of their own, which is not confined.
SUGGESTIONS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {ancestors}; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEADERS = {
    # What the address signs must neither leak to the pages that are linked nor stay in a shared cache or an index.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}
PLAIN = "text/plain; charset=utf-8"


FOR_EVERY_SITE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""What lets scripts and isolated pages of any site have a page whose address is the permission. Which sites may show it
in a frame is another question.
"""


@dataclass(frozen=True)
class Loaded:
    """A generation, and the origins whose pages may embed what shows it."""

    detail: GenerationDetail
    frame_origins: Sequence[str]


@require_safe
def generation_page(request: HttpRequest, generation_id: str) -> HttpResponse:
    """The page of a generation: pictures and text as the model gave them, with what has to stand beside them."""
    return in_browsers_language(request, lambda: for_every_site(_signed_page(request, generation_id)))


def _signed_page(request: HttpRequest, generation_id: str) -> HttpResponse:
    return page_of(signed_load(generation_id)) if is_opened(request, generation_id) else page_refused(generation_id)


def for_every_site(page: HttpResponse) -> HttpResponse:
    """Returns the page, which a signed address led to, with the headers that scripts of other sites need."""
    for name, value in FOR_EVERY_SITE.items():
        page.headers[name] = value
    return page


def is_opened(request: HttpRequest, generation_id: str) -> bool:
    """Returns whether the address is signed and has not expired, or is a share link that was not revoked.

    `theme` may be added to a signed address by whoever embeds it.
    """
    pairs = request.META.get("QUERY_STRING", "").split("&")
    query = "&".join(pair for pair in pairs if not pair.startswith("theme="))
    share_link_id = share_verify(request.path, query)
    if share_link_id is None:
        return url_verify(request.path, query)
    row_id = ids.decode(ids.GENERATION, generation_id)
    tenant_id = tenant_of_generation(row_id) if row_id else None
    if row_id is None or tenant_id is None:
        return False
    with tenant_context(tenant_id):
        return share_link_is_open(share_link_id, generation_id=row_id)


def page_refused(generation_id: str) -> HttpResponse:
    known = ids.decode(ids.GENERATION, generation_id) is not None
    return _page("refused", {"generation_id": generation_id if known else None}, status=403)


def page_of(loaded: Loaded | None) -> HttpResponse:
    """Returns the page of a generation."""
    if loaded is None:
        return _page("missing", {}, status=404)
    shown = display_of(loaded.detail)
    return _looking_again(_page("generation", {"shown": shown}, frame_origins=loaded.frame_origins), shown)


def embed_of(loaded: Loaded | None, *, theme: str) -> HttpResponse:
    """Returns the small page that is made to be embedded; `theme` is "light", "dark" or "" (the viewer's own)."""
    if loaded is None:
        return _page("missing", {}, status=404)
    shown = display_of(loaded.detail)
    context = {"shown": shown, "theme": theme}
    page = _page("embed", context, frame_origins=loaded.frame_origins, more_policy=EMBED_SANDBOX)
    return _looking_again(page, shown)


def _looking_again(page: HttpResponse, shown: Display) -> HttpResponse:
    if shown.pending:
        page.headers["Refresh"] = "3"
    return page


@require_safe
def suggestions_page(request: HttpRequest, generation_id: str, number: int) -> HttpResponse:
    """A search-suggestion snippet, byte for byte, as a document of its own that can do nothing but link."""
    return in_browsers_language(request, lambda: _suggestions_page(request, generation_id, number))


def _suggestions_page(request: HttpRequest, generation_id: str, number: int) -> HttpResponse:
    headers = {
        **HEADERS,
        **FOR_EVERY_SITE,
        "Content-Security-Policy": SUGGESTIONS_POLICY.format(ancestors="'self'"),
        "X-Frame-Options": "SAMEORIGIN",
        # With another value a browser refuses to open a sandboxed document by itself.
        "Cross-Origin-Opener-Policy": "unsafe-none",
    }
    if not url_verify(request.path, request.META.get("QUERY_STRING", "")):
        return HttpResponse(_("This link has expired; reload the page."), PLAIN, 403, headers=headers)
    loaded = signed_load(generation_id)
    snippets = (loaded.detail.content.grounding or {}).get("search_suggestions", []) if loaded else []
    if not 0 < number <= len(snippets):
        return HttpResponse(_("There is nothing here."), PLAIN, 404, headers=headers)
    html = render_to_string("generations/suggestions.html", {"snippet": snippets[number - 1]})
    page = HttpResponse(html, headers=headers)
    if loaded is not None and loaded.frame_origins:
        # A browser asks this of every page around the frame, not only of the nearest.
        ancestors = " ".join(["'self'", *loaded.frame_origins])
        page.headers["Content-Security-Policy"] = SUGGESTIONS_POLICY.format(ancestors=ancestors)
        _without_frame_options(page)
    return page


def signed_load(generation_id: str) -> Loaded | None:
    """Returns the generation that a signed address names, None when there is no such generation."""
    decoded_id = ids.decode(ids.GENERATION, generation_id)
    tenant_id = tenant_of_generation(decoded_id) if decoded_id else None
    if decoded_id is None or tenant_id is None:
        return None
    # A signed address names exactly one generation, live or test.
    return load_in(tenant_id, decoded_id, livemode=None)


def load_in(tenant_id: UUID, generation_id: UUID, *, livemode: bool | None) -> Loaded | None:
    """Returns a tenant's generation and who may embed it; None when there is no such generation."""
    with tenant_context(tenant_id):
        generation = generation_find(generation_id, livemode=livemode)
        if generation is None:
            return None
        return Loaded(generations_load([generation])[0], Tenant.objects.get(id=tenant_id).frame_origins)


def _page(
    name: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    frame_origins: Sequence[str] = (),
    more_policy: str = "",
) -> HttpResponse:
    # Rendered without the request: no session, no person, nothing but its language that differs between two viewers.
    html = render_to_string(f"generations/{name}.html", context)
    ancestors = " ".join(frame_origins) or "'none'"
    headers = {**HEADERS, "Content-Security-Policy": f"{PAGE_POLICY}{ancestors}{more_policy}"}
    page = HttpResponse(html, status=status, headers=headers)
    if frame_origins:
        _without_frame_options(page)
    else:
        page.headers["X-Frame-Options"] = "DENY"
    return page


def _without_frame_options(page: HttpResponse) -> None:
    """The older header knows no list of origins, and would refuse those that the policy allows."""
    page.headers.pop("X-Frame-Options", None)
    page.xframe_options_exempt = True
