"""Addresses of the gallery that keep its filters."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from cavendish.above.console.gallery.menus import query_of


def output_page(request: HttpRequest, output_id: str) -> str:
    """Returns the page of a picture, with the filters of the address that leads there."""
    return _with_filters(request, reverse("console:gallery_output", args=[output_id]))


def gallery_page(request: HttpRequest) -> str:
    """Returns the gallery with the filters of the address that leads there."""
    return _with_filters(request, reverse("console:gallery"))


def _with_filters(request: HttpRequest, path: str) -> str:
    query = query_of(request).urlencode()
    return f"{path}?{query}" if query else path
