"""What counting answers, wherever it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Counter:
    """`cost` is what is to be taken, 0 to look only; `limit` is the most that a window of time allows."""

    name: str
    cost: int
    limit: int


@dataclass(frozen=True)
class State:
    """A counter afterwards. `reset` are the seconds until more is free, 0 when nothing is taken; `wait` the seconds
    until this taking would have fit: 0 when it did, None when it never will.
    """

    remaining: int
    reset: int
    wait: int | None

    @property
    def fits(self) -> bool:
        return self.wait == 0


@dataclass(frozen=True)
class Answer:
    """`second` says when it was taken, for giving it back; `states` are in the order of the counters."""

    second: int
    states: tuple[State, ...]

    @property
    def taken(self) -> bool:
        """All of it or nothing."""
        return all(state.fits for state in self.states)


class Counting(Protocol):
    def take(self, counters: Sequence[Counter]) -> Answer | None:
        """Takes all or none; None when there is nobody to count."""

    def give(self, second: int, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Gives back of what was taken in that second."""
