"""Pages in the language of the browser that asks, where no person is known."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers


def in_language(language: str, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Returns a page that is rendered in a language, and says so to caches."""
    with translation.override(language):
        page = render()
    page.headers.setdefault("Content-Language", language)
    patch_vary_headers(page, ["Accept-Language"])
    return page


def in_browsers_language(request: HttpRequest, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Returns a page in the language that was chosen in this browser, else in the one that it asks for."""
    page = in_language(translation.get_language_from_request(request), render)
    patch_vary_headers(page, ["Cookie"])
    return page
