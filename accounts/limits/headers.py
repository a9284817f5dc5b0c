"""`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), lists of structured fields (RFC 9651).

    RateLimit-Policy: "key-requests";q=60;w=60, "tenant-images";q=600;w=60;qu="images"
    RateLimit: "key-requests";r=12;t=8, "tenant-images";r=600

`q` may be taken in any `w` seconds, `r` is left, and in `t` seconds there is more.
"""

from __future__ import annotations

from collections.abc import Sequence

from accounts.limits.counters import State
from accounts.limits.policies import WINDOW, Policy


def limit_headers(policies: Sequence[Policy], states: Sequence[State]) -> dict[str, str]:
    """Returns the headers by name; none where no limit applies."""
    if not states:
        return {}
    return {
        "RateLimit-Policy": ", ".join(_policy(policy) for policy in policies),
        "RateLimit": ", ".join(_state(policy, state) for policy, state in zip(policies, states, strict=True)),
    }


def _policy(policy: Policy) -> str:
    # A quota counts requests unless its unit says otherwise.
    unit = "" if policy.unit == "requests" else f';qu="{policy.unit}"'
    return f'"{policy.name}";q={policy.quota};w={WINDOW}{unit}'


def _state(policy: Policy, state: State) -> str:
    return f'"{policy.name}";r={state.remaining}' + (f";t={state.reset}" if state.reset else "")
