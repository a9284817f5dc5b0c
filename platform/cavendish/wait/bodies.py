"""How many bytes of bodies may come at once: one budget per process, a share of it per tenant, and room on the disk."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from cavendish.http.admission import Caller
from cavendish.http.problems import Problem, unavailable
from cavendish.telemetry import metrics

IN_MEMORY_BYTES = 256 * 1024
"""Bodies up to this stay in memory (FILE_UPLOAD_MAX_MEMORY_SIZE) and are taken while the disk is full."""
STEP_BYTES = 1024 * 1024
"""What a body without a length takes at a time."""
LOOK_SECONDS = 0.5
RETRY_SECONDS = 5
FULL_RETRY_SECONDS = 30


@dataclass(frozen=True)
class BudgetLimits:
    """In bytes. `strangers` bounds the bodies of all who have no key, `per_address` those of one address of them;
    `keep_free` is what stays free on the file system of `spool`, for answers that were paid for. Bodies up to
    STEP_BYTES may go beyond the total and the share by `small_room`: large uploads do not keep small requests out.
    """

    spool: Path
    total: int = 8 * 1024**3
    per_tenant: int = 4 * 1024**3
    strangers: int = 256 * 1024**2
    per_address: int = 32 * 1024**2
    small_room: int = 64 * 1024**2
    keep_free: int = 1024**3


@dataclass
class BodyBudget:
    """Belongs to one event loop."""

    limits: BudgetLimits
    taken: int = 0
    to_come: int = 0
    strangers: int = 0
    _by_owner: dict[str, int] = field(default_factory=dict)
    _free: int = 0
    _looked_at: float = float("-inf")

    def reserve(self, caller: Caller, address: str, declared: int) -> Reservation:
        """Reserves the declared bytes of a body; a stranger's count as they come. Raises Problem 503."""
        reservation = Reservation(self, caller.tenant or f"address {address}", stranger=not caller.tenant)
        if reservation.stranger:
            self._check_disk(declared, self.limits.keep_free)
        else:
            reservation.take(declared)
        return reservation

    def _take(self, reservation: Reservation, size: int) -> None:
        limits, owner = self.limits, reservation.owner
        own = self._by_owner.get(owner, 0) + size
        room = limits.small_room if reservation.taken + size <= STEP_BYTES and not reservation.stranger else 0
        if own > (limits.per_address if reservation.stranger else limits.per_tenant + room):
            raise unavailable("Too many bytes of yours are on their way; try again.", retry_after=RETRY_SECONDS)
        if self.taken + size > limits.total + room or (
            reservation.stranger and self.strangers + size > limits.strangers
        ):
            raise _busy()
        # What has begun may use the half of what is kept free: better than to throw it away.
        self._check_disk(size, limits.keep_free // (2 if reservation.received else 1))
        self._by_owner[owner] = own
        self.strangers += size if reservation.stranger else 0
        self.taken += size
        self.to_come += size
        metrics.BODY_BYTES.set(self.taken)

    def _check_disk(self, size: int, keep_free: int) -> None:
        if size > IN_MEMORY_BYTES and self._free_bytes() - self.to_come - size < keep_free:
            raise unavailable("There is no room for so large a body now; try again.", retry_after=FULL_RETRY_SECONDS)

    def _release(self, reservation: Reservation) -> None:
        left = self._by_owner.get(reservation.owner, 0) - reservation.taken
        if left > 0:
            self._by_owner[reservation.owner] = left
        else:
            self._by_owner.pop(reservation.owner, None)
        self.strangers -= reservation.taken if reservation.stranger else 0
        self.taken -= reservation.taken
        self.to_come -= reservation.taken - reservation.received
        metrics.BODY_BYTES.set(self.taken)

    def _free_bytes(self) -> int:
        now = time.monotonic()
        if now - self._looked_at > LOOK_SECONDS:
            found = os.statvfs(self.limits.spool)
            self._free, self._looked_at = found.f_bavail * found.f_frsize, now
        return self._free


@dataclass
class Reservation:
    """The bytes of one body."""

    _budget: BodyBudget
    owner: str
    stranger: bool
    taken: int = 0
    received: int = 0
    _released: bool = False

    def take(self, size: int) -> None:
        """Raises Problem 503."""
        if size:
            self._budget._take(self, size)
            self.taken += size

    def receive(self, size: int) -> None:
        """So many bytes came. Raises Problem 503 where there is no room for more than was reserved."""
        if self.received + size > self.taken:
            missing = self.received + size - self.taken
            self.take(missing if self.stranger else max(missing, STEP_BYTES))
        elif self.received // STEP_BYTES != (self.received + size) // STEP_BYTES:
            # Others fill the disk too.
            self._budget._check_disk(STEP_BYTES, self._budget.limits.keep_free // 2)
        self.received += size
        self._budget.to_come -= size

    def release(self) -> None:
        """Gives all of it back; safe to call again."""
        if not self._released:
            self._released = True
            self._budget._release(self)


def _busy() -> Problem:
    return unavailable("Too many bytes of bodies are on their way; try again.", retry_after=RETRY_SECONDS)
