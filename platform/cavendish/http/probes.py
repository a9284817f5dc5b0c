"""Probes come by address: the kubelet, Prometheus and a container's health check know no other name of a process.

A name that is not ours stays refused: with one, a page of another site could have a browser on this machine ask here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

PATHS = frozenset({"/healthz", "/livez", "/readyz", "/metrics"})


def is_probe(path: str, host: str) -> bool:
    """Returns whether a request is for a probe's path and names this process by an address."""
    domain, _ = split_domain_port(host)
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return path in PATHS


class ProbeHostMiddleware:
    """Takes probes for requests to this platform. Nothing in their answers depends on its name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_probe(request.path_info, request.META.get("HTTP_HOST", "")):
            name = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
            request.META["HTTP_HOST"] = "localhost" if name == "*" else name.removeprefix(".")
        return self.get_response(request)
