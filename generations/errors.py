"""What a generation can fail with, and what a request can be refused for.

`ErrorCode` is the contract's list of `error.code`; the exceptions are refusals before anything is spent.

GenerationRefused
├── QueueFull          too many jobs of the tenant wait
├── JobsInFlight       too many jobs of the key wait or run
├── ItemTaken          the item of a batch waits no more
├── TooManyBatches     the tenant has enough of them at once
├── TenantInactive     the tenant is suspended or closing
├── SizeNotAllowed     the tenant may not have pictures of that size
├── DayLimitReached    the tenant's test keys have done enough today
├── NotCancelable      the generation or batch has ended
└── NotFinished        what is asked for needs an ended generation or batch
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class ErrorCode(StrEnum):
    SAFETY_BLOCKED = "safety_blocked"
    NO_IMAGE = "no_image"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_REJECTED = "upstream_rejected"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    INTERNAL = "internal"


class GenerationRefused(Exception):
    """Base of what services refuse; the message is for the caller."""


class QueueFull(GenerationRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} generations are waiting already, which is this tenant's limit.")
        self.limit = limit


class JobsInFlight(GenerationRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} generations of this key wait or run already, which is its limit.")
        self.limit = limit


class ItemTaken(GenerationRefused):
    """Another feeder was first, or the batch was canceled meanwhile."""


class TooManyBatches(GenerationRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} batches are at work already, which is the limit.")
        self.limit = limit


class TenantInactive(GenerationRefused):
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"The tenant is {status}" + (f": {reason}" if reason else "."))
        self.status = status


class SizeNotAllowed(GenerationRefused):
    def __init__(self, size: str, allowed: Collection[str]) -> None:
        """`allowed` are those of the tenant."""
        self.allowed = ", ".join(size for size in ("512", "1K", "2K", "4K") if size in allowed) or "none"
        super().__init__(f"This tenant may not have pictures of {size}; it may have: {self.allowed}.")


class DayLimitReached(GenerationRefused):
    """`metric` is requests or bytes. The day is UTC's."""

    def __init__(self, metric: str, limit: int, used: int) -> None:
        what = "generations" if metric == "requests" else "stored bytes"
        self.resets_at = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        self.metric, self.limit, self.used = metric, limit, used
        super().__init__(
            f"The test keys of this tenant have used {used} of {limit} {what} a day; the day ends at "
            f"{self.resets_at:%Y-%m-%dT%H:%M:%SZ}."
        )


class NotCancelable(GenerationRefused):
    def __init__(self, status: str, noun: str = "generation") -> None:
        super().__init__(f"The {noun} has ended as {status}; only queued and running ones can be canceled.")
        self.status = status


class NotFinished(GenerationRefused):
    def __init__(self, status: str, noun: str = "generation") -> None:
        super().__init__(f"The {noun} is {status}; cancel it or wait for its end first.")
        self.status = status
