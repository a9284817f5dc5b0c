"""The problems of rate limits that leave no room."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.limits.counters import State
from accounts.limits.policies import Policy
from cavendish.http.problems import FieldError, Problem, too_many_requests

_WHO = {"key": "This key", "tenant": "The {mode} keys of this tenant together"}
_ACTIVITY = {"requests": ("send", "request"), "images": ("ask for", "picture")}


def refusal(policies: Sequence[Policy], states: Sequence[State]) -> Problem:
    """Returns Problem 429 with the longest of the waits, in seconds."""
    violated = [(policy, state.wait or 0) for policy, state in zip(policies, states, strict=True) if not state.fits]
    policy, wait = max(violated, key=lambda pair: pair[1])
    problem = too_many_requests(
        "rate_limited", f"{_allowance(policy)}. Try again in {_seconds(wait)}.", retry_after=wait
    )
    problem.extra["violated_policies"] = [policy.name for policy, _ in violated]
    return problem


def too_many(policy: Policy, images: int) -> Problem:
    """Returns Problem 403 for more pictures at once than would ever fit, however long one waits."""
    detail = f"{_allowance(policy)}, so {images} at once never fit."
    errors = [FieldError("/max_images", "out_of_range", detail)]
    return Problem(403, "too_many_images", detail, errors=errors, extra={"violated_policies": [policy.name]})


def _allowance(policy: Policy) -> str:
    who = _WHO[policy.scope].format(mode="live" if policy.livemode else "test")
    verb, noun = _ACTIVITY[policy.unit]
    return f"{who} may {verb} {policy.quota} {noun}{'' if policy.quota == 1 else 's'} a minute"


def _seconds(count: int) -> str:
    return "a second" if count == 1 else f"{count} seconds"
