"""Where errors go: SENTRY_DSN, taken apart."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit


class Dsn(NamedTuple):
    """Where events go, and the public key they go with."""

    url: str
    key: str

    @classmethod
    def of(cls, text: str) -> Dsn:
        """Returns a DSN's parts. Raises ValueError."""
        parts = urlsplit(text)
        path, _, project = parts.path.rpartition("/")
        if parts.scheme not in {"http", "https"} or not parts.username or not parts.hostname or not project.isdigit():
            raise ValueError("no DSN")
        host = parts.netloc.rpartition("@")[2]
        return cls(f"{parts.scheme}://{host}{path}/api/{project}/envelope/", parts.username)
