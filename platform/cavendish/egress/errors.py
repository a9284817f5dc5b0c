"""What can go wrong with a request to a tenant's address.

EgressError
├── EgressRefused    our rules forbid the address; trying again does not help
├── EgressFailed     the address does not answer, or not with what was asked for
└── EgressTooLarge   the answer is larger than the limit
"""

from __future__ import annotations


class EgressError(Exception):
    """`reason` can be shown to the tenant: it never names an internal address, nor what a host there said."""

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
        super().__init__(f"The answer is larger than {limit} bytes.")
