"""What counters of rate limits take and return, wherever they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Counter:
    """A counter to take from. `cost` is how much, 0 to read only; `limit` is the most that a window of time allows."""

    name: str
    cost: int
    limit: int


@dataclass(frozen=True)
class State:
    """A counter after a taking.

    `reset` are the seconds until more is free, 0 when nothing is taken. `wait` are the seconds until the taking would
    have fit: 0 when it did, None when it never will.
    """

    remaining: int
    reset: int
    wait: int | None

    @property
    def fits(self) -> bool:
        return self.wait == 0


@dataclass(frozen=True)
class TakeResult:
    """`second` says when it was taken, for giving it back; `states` are in the order of the counters."""

    second: int
    states: tuple[State, ...]

    @property
    def taken(self) -> bool:
        """Whether all of it was taken; otherwise nothing was."""
        return all(state.fits for state in self.states)


class Counting(Protocol):
    def take(self, counters: Sequence[Counter]) -> TakeResult | None:
        """Takes from all counters or from none. Returns None when the counters cannot be reached."""

    def give(self, second: int, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Gives back up to these amounts of what was taken in that second."""
