"""Where several web processes share a port, each has another one of its own, for what is asked of one process."""

from __future__ import annotations

from django.http import HttpRequest

_own: int | None = None


def own_port_set(port: int) -> None:
    """Says that this process shares the port that clients know, and has this one alone."""
    global _own
    _own = port


def came_by_shared_port(request: HttpRequest) -> bool:
    """Returns whether any of several processes may have got the request."""
    return _own is not None and request.META.get("SERVER_PORT") != str(_own)
