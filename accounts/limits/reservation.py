"""What one request takes from its rate limits, and what it gives back at the end.

A request takes one of `requests` as it begins, and where it may make pictures one of `images` with it, so that most
need a single call. A body that asks for more pictures takes the rest before anything is done for it; where there is not
even room for one, the body decides, since it may be invalid, ask for text alone, or repeat a request that was accepted.
What was taken for pictures that were not accepted is given back, and so is the request itself when a limit refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache

from accounts.limits.counters import Counter, Counting, State, TakeResult
from accounts.limits.errors import refusal, too_many
from accounts.limits.local import Local
from accounts.limits.policies import WINDOW, Policy
from accounts.limits.shared import Shared
from cavendish.messaging import valkey
from cavendish.telemetry import metrics

TIMEOUT = 0.25
"""Seconds that Valkey gets to answer."""


@dataclass
class _Taking:
    counting: Counting
    second: int
    units: dict[str, int]


class RateReservation:
    """What one request holds of its rate limits. It is empty until a key has proved itself, and stays empty where no
    limit applies to the key.
    """

    def __init__(self) -> None:
        self.policies: tuple[Policy, ...] = ()
        self.states: tuple[State, ...] = ()
        self._takings: list[_Taking] = []
        self._spare = 0

    def open(self, policies: Sequence[Policy], *, pictures: bool) -> None:
        """Takes the request itself, and one picture where it may make some and there is room. Raises Problem 429."""
        self.policies = tuple(policies)
        if self._take(requests=1, images=int(pictures)):
            return
        if not self._only_pictures_are_short() or not self._take(requests=1, images=0):
            raise refusal(self.policies, self.states)

    def reserve(self, images: int) -> None:
        """Takes that many pictures before the work for them begins. Raises Problem 429, or 403 if they never fit."""
        self.check_ever_fits(images)
        if images > self._spare and not self._take(requests=0, images=images - self._spare):
            raise refusal(self.policies, self.states)

    def check_ever_fits(self, images: int) -> None:
        """Takes nothing. Raises Problem 403 for more pictures than may be made in a minute."""
        for policy in self.policies:
            if policy.unit == "images" and images > policy.quota:
                raise too_many(policy, images)

    def keep(self, images: int) -> None:
        """Assigns that many of the taken pictures to an accepted job, so that `close` does not give them back."""
        self._spare -= images

    def close(self, *, refused: bool) -> None:
        """Gives back pictures of no job, and the request itself where it was `refused` for a limit."""
        left = {"images": max(0, self._spare), "requests": int(refused)}
        for taking in reversed(self._takings):
            back = {unit: min(count, left[unit]) for unit, count in taking.units.items()}
            if not any(back[policy.unit] for policy in self.policies):
                continue
            left = {unit: count - back[unit] for unit, count in left.items()}
            amounts = [back[policy.unit] for policy in self.policies]
            taking.counting.give(taking.second, [policy.counter for policy in self.policies], amounts)
            self.states = tuple(
                _after_giving(state, policy.quota, amount)
                for policy, state, amount in zip(self.policies, self.states, amounts, strict=True)
            )
        self._takings.clear()

    def _only_pictures_are_short(self) -> bool:
        pairs = zip(self.policies, self.states, strict=True)
        return all(state.fits for policy, state in pairs if policy.unit == "requests")

    def _take(self, *, requests: int, images: int) -> bool:
        if not self.policies:
            return True
        units = {"requests": requests, "images": images}
        counters = [Counter(policy.counter, units[policy.unit], policy.quota) for policy in self.policies]
        counting, result = _count(counters)
        self.states = result.states
        if result.taken:
            self._takings.append(_Taking(counting, result.second, units))
            self._spare += images
        return result.taken


def _after_giving(state: State, quota: int, amount: int) -> State:
    remaining = min(quota, state.remaining + amount)
    return replace(state, remaining=remaining, reset=state.reset if remaining < quota else 0)


@cache
def _local() -> Local:
    return Local(WINDOW)


@cache
def _shared() -> Shared | None:
    client = valkey.client(TIMEOUT)
    if client is None:
        metrics.LIMITS_SHARED.set(0)
        return None
    return Shared(client, WINDOW)


def _count(counters: Sequence[Counter]) -> tuple[Counting, TakeResult]:
    shared = _shared()
    result = shared.take(counters) if shared is not None else None
    if shared is not None and result is not None:
        return shared, result
    metrics.LIMITS_LOCAL.inc()
    return _local(), _local().take(counters)


_current: ContextVar[RateReservation | None] = ContextVar("rate_reservation", default=None)


@contextmanager
def reservation_for_request() -> Iterator[RateReservation]:
    """Makes a new reservation the current one for the block. Its caller closes it."""
    reservation = RateReservation()
    token = _current.set(reservation)
    try:
        yield reservation
    finally:
        _current.reset(token)


def current_reservation() -> RateReservation:
    """Returns the request's reservation; outside of a request, in a worker or a command, an empty one that limits
    nothing.
    """
    return _current.get() or RateReservation()
