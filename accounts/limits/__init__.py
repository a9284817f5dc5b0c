"""Rate limits per key and tenant: requests and pictures per minute. Decision 0006 says where they are counted."""

from __future__ import annotations

from accounts.limits.headers import limit_headers
from accounts.limits.policies import Policy, policies_of
from accounts.limits.reservation import Slip, current_slip, slip_for_request

__all__ = ["Policy", "Slip", "current_slip", "limit_headers", "policies_of", "slip_for_request"]
