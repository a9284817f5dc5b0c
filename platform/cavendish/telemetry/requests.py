"""What is counted and logged of each request of a web process, at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from prometheus_client import Counter, Histogram

from cavendish.db import ids
from cavendish.telemetry import metrics

access = logging.getLogger("cavendish.access")

RECORD = "cavendish.record"
"""Scope key of the request's record, for whoever learns something about it."""
MATCH = "cavendish.match"
"""Scope key of the resolved URL, so that Django does not look for it again."""
ROUTE = "cavendish.route"
"""Scope key of what stands in for a pattern, where none was looked for."""
CALLER = "cavendish.caller"
"""Scope key of who asks (`cavendish.http.admission.Caller`)."""

NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBES = frozenset({"livez", "readyz", "healthz", "metrics"})
"""What machines ask every few seconds: counted, and in the log only where it fails."""


class RequestRecord:
    """One request. `mode` is how it was answered; `status` is 0 where the client left before an answer began."""

    __slots__ = ("_began", "_scope", "mode", "status")

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self._began = time.perf_counter()
        self._scope = scope
        self.mode = "answer"
        self.status = 0

    @property
    def route(self) -> str:
        """The pattern of the address, which tells one view from another and no tenant from another."""
        match = self._scope.get(MATCH)
        return match.route or "/" if match is not None else self._scope.get(ROUTE, NO_ROUTE)

    @property
    def name(self) -> str:
        return f"{self._scope['method']} {self.route}"

    def of_span(self, request_id: str) -> dict[str, str | int]:
        """Returns what a span says of it."""
        return {
            "http.request.method": self._scope["method"],
            "http.route": self.route,
            "http.response.status_code": self.status,
            "cavendish.request_id": request_id,
        }

    def end(self) -> None:
        """Counts the request, and writes its line."""
        seconds = time.perf_counter() - self._began
        method = self._scope["method"]
        method = method if method in METHODS else "other"
        route, status = self.route, self.status
        _requests(route, method, status).inc()
        _seconds(route, method, self.mode).observe(seconds)
        if access.isEnabledFor(logging.INFO) and not (route in PROBES and status < 400):
            caller = self._scope.get(CALLER)
            tenant = _tenant(caller.tenant) if caller is not None else ""
            fields = {
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 1),
                "tenant_id": tenant,
                "mode": self.mode,
            }
            access.info(
                "%s %s %d %.1f ms %s", method, route, status, seconds * 1000, tenant or "-", extra={"fields": fields}
            )


# Looking a child up by its labels costs more than counting in it.
@cache
def _requests(route: str, method: str, status: int) -> Counter:
    return metrics.REQUESTS.labels(route, method, status)


@cache
def _seconds(route: str, method: str, mode: str) -> Histogram:
    return metrics.REQUEST_SECONDS.labels(route, method, mode)


@lru_cache(maxsize=4096)
def _tenant(tenant: str) -> str:
    try:
        return ids.encode(ids.TENANT, UUID(tenant))
    except ValueError:  # nobody's, or an operator's
        return tenant
