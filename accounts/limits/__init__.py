"""Rate limits per key and tenant: requests and pictures per minute. Decision 0006 says where they are counted."""

from __future__ import annotations

from accounts.limits.headers import limit_headers
from accounts.limits.policies import Policy, policies_of
from accounts.limits.reservation import RateReservation, current_reservation, reservation_for_request

__all__ = [
    "Policy",
    "RateReservation",
    "current_reservation",
    "limit_headers",
    "policies_of",
    "reservation_for_request",
]
