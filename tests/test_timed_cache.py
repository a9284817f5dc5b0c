"""A value is read once in its time, however many ask, and nobody gets it after that."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cavendish import timed_cache
from cavendish.timed_cache import RENEW_BEFORE, TimedCache


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timed_cache, "time", made)
    return made


class Away(Exception):
    """PostgreSQL is away."""


class Reader:
    """Says how often it was asked, each time for `seconds`."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.reads = 0

    def __call__(self) -> tuple[int, float]:
        self.reads += 1
        return self.reads, self.seconds


def test_a_value_is_used_for_its_time_and_not_longer(clock: Clock) -> None:
    cache: TimedCache[str, int] = TimedCache(most=10)
    read = Reader(0.4)
    assert [cache.get("a", read) for _ in range(3)] == [1, 1, 1]
    clock.now += 0.4 * (1 - RENEW_BEFORE) - 0.01
    assert cache.get("a", read) == 1
    clock.now += 0.4
    assert cache.get("a", read) == 2
    assert cache.get("b", read) == 3


def test_the_time_counts_from_before_the_reading(clock: Clock) -> None:
    cache: TimedCache[str, int] = TimedCache(most=10)

    def slow() -> tuple[int, float]:
        clock.now += 0.9
        return 0, 1.0

    read = Reader()
    assert cache.get("a", slow) == 0
    clock.now += 0.2
    assert cache.get("a", read) == 1
    assert read.reads == 1


def test_one_of_many_renews_it_and_the_others_use_it_meanwhile(clock: Clock) -> None:
    cache: TimedCache[str, int] = TimedCache(most=10)
    cache.get("a", Reader())
    clock.now += 1 - RENEW_BEFORE / 2
    reading, go_on = threading.Event(), threading.Event()

    def renew() -> tuple[int, float]:
        reading.set()
        assert go_on.wait(20)
        return 2, 1.0

    nobody = Reader()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(cache.get, "a", renew)
        assert reading.wait(20)
        assert [cache.get("a", nobody) for _ in range(20)] == [1] * 20
        go_on.set()
        assert renewing.result() == 2
    assert cache.get("a", nobody) == 2
    assert nobody.reads == 0


def test_where_renewing_fails_the_next_one_after_its_time_reads_it(clock: Clock) -> None:
    cache: TimedCache[str, int] = TimedCache(most=10)
    read = Reader()
    cache.get("a", read)
    clock.now += 1 - RENEW_BEFORE / 2

    def fail() -> tuple[int, float]:
        raise Away

    with pytest.raises(Away):
        cache.get("a", fail)
    assert cache.get("a", fail) == 1
    clock.now += 1
    assert cache.get("a", read) == 2


def test_no_more_are_kept_than_it_may_have() -> None:
    cache: TimedCache[int, int] = TimedCache(most=3)
    read = Reader(60)
    for key in range(10):
        cache.get(key, read)
    assert read.reads == 10
    assert cache.get(9, read) == 10
    cache.clear()
    assert cache.get(9, read) == 11
