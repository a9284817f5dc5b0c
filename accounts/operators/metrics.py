"""`/metrics`: what this process counts, in Prometheus's format. Each web process has its own counters."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication.operators import IsOperator, OperatorKeyAuthentication
from cavendish.http.own_port import came_by_shared_port
from cavendish.http.problems import Problem
from cavendish.telemetry.process_gauges import CONTENT_TYPE_LATEST, exposition

# Headers that proxies add. A request through a proxy comes from beyond it, whatever the proxy's own address is.
_PROXIED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class IsOperatorOrAllowedAddress(BasePermission):
    """Allows operators' keys, and addresses of METRICS_ALLOW that connect without a proxy."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return _is_allowed_address(request) or IsOperator().has_permission(request, view)


class Metrics(APIView):
    authentication_classes = (OperatorKeyAuthentication,)
    permission_classes = (IsOperatorOrAllowedAddress,)
    schema = None

    def get(self, request: Request) -> HttpResponse:
        if came_by_shared_port(request._request):
            detail = (
                "Several web processes share this port, and each has its own counters. Ask each at its own port: "
                "`metrics_urls` in ready.json."
            )
            raise Problem(421, "shared_port", detail)
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _is_allowed_address(request: Request) -> bool:
    if any(name in request.headers for name in _PROXIED):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_ALLOW)
