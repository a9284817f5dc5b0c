"""What a script asks for and follows: htmx says that it asks, and goes elsewhere only by a header of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def is_scripted(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def towards(request: HttpRequest, address: str) -> HttpResponse:
    """Returns what leads to an address, with a script and without."""
    if is_scripted(request):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
