"""What can go wrong with a request to a tenant's URL.

EgressError
├── EgressRefused    our rules forbid the URL; trying again does not help
├── EgressFailed     the host does not respond, or not with what was requested
├── EgressTooLarge   the response is larger than the limit
└── EgressBusy       too many downloads are waited for already; nothing was requested
"""

from __future__ import annotations


class EgressError(Exception):
    """`reason` can be shown to the tenant: it never repeats an internal address or what a host there sent."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class EgressRefused(EgressError):
    pass


class EgressFailed(EgressError):
    pass


class EgressTooLarge(EgressError):
    """`limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The response is larger than {limit} bytes.")


class EgressBusy(EgressError):
    """`own` says that the owner has as many as one may have; else all together have."""

    def __init__(self, *, own: bool) -> None:
        self.own = own
        super().__init__("Too many files are being fetched already.")
