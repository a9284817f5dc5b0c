from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


def console(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page asks for."""
    return {
        "oidc_name": settings.OIDC.name if settings.OIDC else "",
        "signup_open": settings.SIGNUP == "open",
        "passkeys_possible": _is_name(_host(request)),
    }


def _host(request: HttpRequest) -> str:
    """Without the port. The page that refuses a host name has a frame too."""
    try:
        return request.get_host().partition(":")[0]
    except DisallowedHost:
        return ""


def _is_name(host: str) -> bool:
    """Browsers bind passkeys to names: on a bare address there are none."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False
