"""The one page that shows a secret."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.ui.first_call import Snippet
from cavendish.above.ui.scripts import is_scripted


def secret_page(
    request: HttpRequest,
    *,
    title: str,
    secret: str,
    back: str,
    text: str = "",
    snippets: Sequence[Snippet] = (),
    once: bool = True,
    frame: str = "",
) -> HttpResponse:
    """Returns the page, or a dialog's content for a script; no cache on the way may keep it.

    `snippets` are programs that run as pasted; `once` says that the secret is stored nowhere; `frame` is the template
    around the page where it is not the area's own.
    """
    scripted = is_scripted(request)
    template = "ui/secret_panel.html" if scripted else "ui/secret.html"
    context = {
        "title": title, "secret": secret, "text": text, "back": back, "snippets": snippets, "once": once,
        "scripted": scripted, **({"frame": frame} if frame else {}),
    }  # fmt: skip
    response = render(request, template, context)
    response.headers["Cache-Control"] = "no-store"
    return response
