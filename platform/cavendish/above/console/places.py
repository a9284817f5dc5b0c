"""The tenant and the mode that a form was shown for: it acts there or not at all.

Both belong to the session, so another tab changes them under a form that is open: a key, an invitation or a paid
picture would be made where nobody looks.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from cavendish.above.console.session_tenant import memberships_of
from cavendish.above.console.workplace import Workplace

FIELD = "place"
"""Of every form of the console. What sends none acts where the session is."""


def place_of(work: Workplace) -> str:
    """Returns what names a tenant and a mode in a form."""
    return f"{work.tenant_id.hex}-{'live' if work.livemode else 'test'}"


def left_behind(request: HttpRequest, work: Workplace) -> HttpResponse | None:
    """Returns a page (409) for a form of another tenant or mode: nothing was done, and how to go on. Else None."""
    sent = request.POST.get(FIELD, "") if request.method == "POST" else ""
    if not sent or sent == place_of(work) or request.path == reverse("console:mode"):
        return None
    tenant, _, mode = sent.partition("-")
    other = next((row for row in memberships_of(request) if row.tenant_id.hex == tenant), None)
    context = {
        "other": other if other is not None and other.tenant_id != work.tenant_id else None,
        "only_mode": tenant == work.tenant_id.hex,
        "was_live": mode == "live",
    }
    return render(request, "console/left_behind.html", context, status=409)
