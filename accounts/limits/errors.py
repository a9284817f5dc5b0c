"""A limit that leaves no room, in the words of the API."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.limits.counters import State
from accounts.limits.policies import Policy
from cavendish.http.problems import FieldError, Problem, too_many_requests

_WHO = {"key": "This key", "tenant": "The {mode} keys of this tenant together"}
_WHAT = {"requests": ("send", "request"), "images": ("ask for", "picture")}


def refusal(policies: Sequence[Policy], states: Sequence[State]) -> Problem:
    """429 with the longest of the waits."""
    violated = [(policy, state.wait or 0) for policy, state in zip(policies, states, strict=True) if not state.fits]
    policy, wait = max(violated, key=lambda pair: pair[1])
    problem = too_many_requests(
        "rate_limited", f"{_may(policy)}. There is room again in {_seconds(wait)}.", retry_after=wait
    )
    problem.extra["violated_policies"] = [policy.name for policy, _ in violated]
    return problem


def too_many(policy: Policy, images: int) -> Problem:
    """403: so many pictures at once never fit, however long one waits."""
    errors = [FieldError("/max_images", "out_of_range", f"At most {policy.quota} can be asked for.")]
    detail = f"{_may(policy)}, so {images} at once never fit."
    return Problem(403, "too_many_images", detail, errors=errors, extra={"violated_policies": [policy.name]})


def _may(policy: Policy) -> str:
    who = _WHO[policy.scope].format(mode="live" if policy.livemode else "test")
    verb, noun = _WHAT[policy.unit]
    return f"{who} may {verb} {policy.quota} {noun}{'' if policy.quota == 1 else 's'} a minute"


def _seconds(count: int) -> str:
    return "a second" if count == 1 else f"{count} seconds"
