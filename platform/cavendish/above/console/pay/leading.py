"""How a person is led to the provider's page.

A form that redirects to another host is stopped by our own policy (`form-action`), so a page of ours leads there: at
once, and by a link.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.providers import provider
from cavendish.above.ui.scripts import is_scripted, towards


def led_to_provider(request: HttpRequest, address: str) -> HttpResponse:
    """Returns what leads to the provider's page, with a script and without."""
    if is_scripted(request):
        return towards(request, address)
    context = {"address": address, "provider": provider().title}
    return render(request, "console/pay/leading.html", context)
