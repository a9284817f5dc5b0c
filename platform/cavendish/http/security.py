"""Headers of pages, and of what is not meant for a shared cache."""

from __future__ import annotations

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

# What no page of ours uses, so that nothing that slips into one can.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "hid",
        "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
    )
) + ", publickey-credentials-create=(self), publickey-credentials-get=(self)"  # fmt: skip


class PageHeadersMiddleware:
    """Content-Security-Policy and Permissions-Policy on HTML, and no shared copy of what a person or a key saw.

    Other answers need no policy, as no browser renders JSON. But only `Authorization` keeps a shared cache from storing
    them by itself; keys also come as `x-goog-api-key` and in the address. A view that allows more says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = CSPMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._policy.process_response(request, response)
            response.headers.setdefault("Permissions-Policy", PERMISSIONS)
            if "Cookie" in response.headers.get("Vary", ""):
                response.headers.setdefault("Cache-Control", "private, no-store")
        else:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
