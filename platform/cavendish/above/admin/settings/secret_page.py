"""The one page that shows a secret which is stored nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def secret_page(request: HttpRequest, *, title: str, secret: str, back: str, text: str = "") -> HttpResponse:
    """Returns the page, or a dialog's content for a script; no cache on the way may keep it."""
    scripted = request.headers.get("HX-Request") == "true"
    template = "admin/settings/secret_panel.html" if scripted else "admin/settings/secret.html"
    context = {"title": title, "secret": secret, "text": text, "back": back, "scripted": scripted}
    response = render(request, template, context)
    response.headers["Cache-Control"] = "no-store"
    return response
