"""How many requests are open at once: waits, streams, uploads, downloads and what is being worked on, all alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from cavendish.http.admission import Caller
from cavendish.http.bounded_protocol import counted_address
from cavendish.http.problems import too_many_requests, unavailable
from cavendish.telemetry import metrics

RETRY_SECONDS = 5


@dataclass(frozen=True)
class OpenLimits:
    """Per process."""

    total: int = 20_000
    per_tenant: int = 6_000
    per_key: int = 6_000
    per_address: int = 6_000


@dataclass
class OpenRequests:
    """Belongs to one event loop."""

    limits: OpenLimits
    total: int = 0
    _counts: dict[str, int] = field(default_factory=dict)

    def enter(self, caller: Caller, address: str) -> Place:
        """Counts a request until its place is left. Raises Problem: 503 where all are taken, 429 for one's own."""
        limits = self.limits
        if self.total >= limits.total:
            raise unavailable("Too many requests are open; try again.", retry_after=RETRY_SECONDS)
        counted: list[tuple[str, int, str]] = []
        if caller.key:
            counted.append((f"key {caller.key}", limits.per_key, "This key"))
        if caller.tenant:
            counted.append((f"tenant {caller.tenant}", limits.per_tenant, "This tenant"))
        if address:
            counted.append((f"address {counted_address(address)}", limits.per_address, "This address"))
        for name, limit, who in counted:
            if self._counts.get(name, 0) >= limit:
                detail = f"{who} has {limit} requests open, as many as it may. End some, or try again later."
                raise too_many_requests("too_many_open_requests", detail, retry_after=RETRY_SECONDS)
        names = tuple(name for name, _, _ in counted)
        for name in names:
            self._counts[name] = self._counts.get(name, 0) + 1
        self.total += 1
        metrics.OPEN_REQUESTS.set(self.total)
        return Place(self, names)

    def _leave(self, names: tuple[str, ...]) -> None:
        for name in names:
            left = self._counts[name] - 1
            if left:
                self._counts[name] = left
            else:
                del self._counts[name]
        self.total -= 1
        metrics.OPEN_REQUESTS.set(self.total)


@dataclass(frozen=True)
class Place:
    """One request's; leave it once."""

    _open: OpenRequests
    _names: tuple[str, ...]

    def leave(self) -> None:
        self._open._leave(self._names)
