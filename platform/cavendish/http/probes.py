"""Probes come by address: the kubelet, Prometheus and a container's health check know no other name of a process."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PROBE_PATHS = frozenset({"/healthz", "/livez", "/readyz", "/metrics"})


class ProbeHostMiddleware:
    """Takes probes for requests to this platform, whatever their Host header says: no answer depends on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBE_PATHS:
            name = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
            request.META["HTTP_HOST"] = "localhost" if name == "*" else name.removeprefix(".")
        return self.get_response(request)
