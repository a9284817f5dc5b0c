"""Who makes a picture next: a few at once in a process, tenants in turn, and what is requested twice is made once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class LanesFull(Exception):
    """Too many wait; `own` says whether they are the owner's, rather than everybody's."""

    def __init__(self, *, own: bool) -> None:
        super().__init__("too many requests wait for pictures")
        self.own = own


@dataclass(frozen=True)
class LaneLimits:
    """`lanes` work at once; requests that work or wait, of all owners and of one."""

    lanes: int
    requests: int
    requests_per_owner: int


class Lanes(Generic[T]):
    """Runs work in the thread that brings it, when it is its owner's turn."""

    def __init__(self, limits: LaneLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._free = limits.lanes
        self._open: Counter[Hashable] = Counter()
        self._turns: OrderedDict[Hashable, deque[threading.Event]] = OrderedDict()
        self._under_way: dict[Hashable, Future[T]] = {}

    def run(self, owner: Hashable, key: Hashable, work: Callable[[], T]) -> T:
        """Returns what `work` returns, or what the same work returns that is under way for that key already.

        What it raises is raised to all who wait for it. Raises LanesFull.
        """
        with self._admitted(owner):
            with self._lock:
                others = self._under_way.get(key)
                own: Future[T] = Future()
                if others is None:
                    self._under_way[key] = own
            if others is not None:
                return others.result()
            try:
                with self._lane(owner):
                    own.set_result(work())
            except BaseException as error:
                own.set_exception(error)
                raise
            finally:
                with self._lock:
                    del self._under_way[key]
            return own.result()

    @contextmanager
    def _admitted(self, owner: Hashable) -> Iterator[None]:
        with self._lock:
            if self._open[owner] >= self._limits.requests_per_owner:
                raise LanesFull(own=True)
            if self._open.total() >= self._limits.requests:
                raise LanesFull(own=False)
            self._open[owner] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[owner] -= 1
                if not self._open[owner]:
                    del self._open[owner]

    @contextmanager
    def _lane(self, owner: Hashable) -> Iterator[None]:
        turn = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                turn.set()
            else:
                self._turns.setdefault(owner, deque()).append(turn)
        turn.wait()
        try:
            yield
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        """Gives the lane to the owner whose turn it is, who then stands behind the others."""
        with self._lock:
            if not self._turns:
                self._free += 1
                return
            owner, waiting = self._turns.popitem(last=False)
            turn = waiting.popleft()
            if waiting:
                self._turns[owner] = waiting
        turn.set()
