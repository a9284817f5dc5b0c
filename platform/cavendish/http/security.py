"""Security headers of pages, and Cache-Control for what shared caches must not store."""

from __future__ import annotations

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

# Features that no page of ours uses, so that injected content cannot use them either.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "hid",
        "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
    )
) + ", publickey-credentials-create=(self), publickey-credentials-get=(self)"  # fmt: skip


class PageHeadersMiddleware:
    """Sets Content-Security-Policy and Permissions-Policy on HTML, and keeps shared caches from storing responses.

    Other responses need no policy, as no browser renders JSON. But shared caches only refrain from storing responses to
    requests with `Authorization`, and keys also come as `x-goog-api-key` and in the address. A view that allows more
    sets Cache-Control itself.
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
