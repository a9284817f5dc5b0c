from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def console(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page asks for."""
    return {
        "oidc_name": settings.OIDC.name if settings.OIDC else "",
        "signup_open": settings.SIGNUP == "open",
        "passkeys_possible": _is_name(request.get_host().partition(":")[0]),
    }


def _is_name(host: str) -> bool:
    """Browsers bind passkeys to names: on a bare address there are none."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False
