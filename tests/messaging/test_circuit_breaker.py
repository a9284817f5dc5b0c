"""What a service that hangs costs, and one that refuses."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cavendish.messaging.circuit_breaker import SLOW_SECONDS, CircuitBreaker, CircuitOpen


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Service:
    """`slow` seconds, then an error unless it is `well`."""

    def __init__(self) -> None:
        self.calls = 0
        self.slow = 0.0
        self.well = False

    def __call__(self) -> str:
        self.calls += 1
        time.sleep(self.slow)
        if not self.well:
            raise OSError
        return "answer"


def test_a_quick_refusal_does_not_keep_the_next_from_asking() -> None:
    service, breaker = Service(), CircuitBreaker(3, clock=Clock())
    for _ in range(4):
        with pytest.raises(OSError):
            breaker.call(service)
        assert str(breaker.state) == "closed"
    service.well = True
    assert breaker.call(service) == "answer"
    assert service.calls == 5


def test_after_a_slow_one_nobody_asks_until_one_has_tried() -> None:
    clock, service = Clock(), Service()
    breaker = CircuitBreaker(3, clock=clock)
    service.slow = SLOW_SECONDS * 1.2
    assert str(breaker.state) == "closed"
    with pytest.raises(OSError):
        breaker.call(service)
    assert str(breaker.state) == "open"
    for _ in range(50):
        with pytest.raises(CircuitOpen):
            breaker.call(service)
    assert service.calls == 1
    clock.now += 3
    assert str(breaker.state) == "half-open"
    with ThreadPoolExecutor(6) as pool:
        ends = [future.exception() for future in [pool.submit(breaker.call, service) for _ in range(6)]]
    assert sorted(type(end).__name__ for end in ends) == ["CircuitOpen"] * 5 + ["OSError"]
    assert str(breaker.state) == "open"
    service.well, service.slow = True, 0.0
    clock.now += 3
    assert str(breaker.state) == "half-open"
    assert [breaker.call(service) for _ in range(3)] == ["answer"] * 3
    assert str(breaker.state) == "closed"
