"""A Valkey that dies or hangs: what it costs, and that the limits hold meanwhile."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.limits.counters import Counter
from accounts.limits.reservation import TIMEOUT
from accounts.limits.shared import PAUSE, Shared
from tests.wait.servers import OwnValkey


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def valkey(tmp_path: Path) -> OwnValkey:
    own = OwnValkey(tmp_path)
    await own.start()
    return own


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(valkey: OwnValkey, clock: Clock) -> Iterator[Shared]:
    with redis.Redis.from_url(
        valkey.url,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    ) as client:
        yield Shared(client, 60, clock=clock)


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


ONE = Counter(f"limit:{{{secrets.token_hex(4)}}}", 1, 100)


async def test_one_that_hangs_costs_one_short_timeout_and_then_nothing_for_a_while(
    valkey: OwnValkey, shared: Shared, clock: Clock
) -> None:
    assert shared.take([ONE]) is not None
    valkey.signal(signal.SIGSTOP)
    try:
        spent = seconds(lambda: shared.take([ONE]))
        assert TIMEOUT <= spent < TIMEOUT + 0.2
        assert seconds(lambda: [shared.take([ONE]) for _ in range(1000)]) < 0.1
        # the pause is over: one request tries, whoever comes meanwhile goes on without
        clock.now += PAUSE
        with ThreadPoolExecutor(8) as pool:
            waits = sorted(pool.map(lambda _: seconds(lambda: shared.take([ONE])), range(8)))
        assert TIMEOUT <= waits[-1] < 2 * TIMEOUT + 0.2
        assert waits[-2] < TIMEOUT / 2
    finally:
        valkey.signal(signal.SIGCONT)
    assert shared.take([ONE]) is None
    clock.now += PAUSE
    assert shared.take([ONE]) is not None
    assert shared.take([ONE]) is not None
    valkey.kill()


async def test_one_that_was_killed_costs_nothing_and_is_found_again(valkey: OwnValkey, shared: Shared) -> None:
    assert shared.take([ONE]) is not None
    valkey.kill()
    assert seconds(lambda: shared.take([ONE])) < 0.2
    assert seconds(lambda: shared.take([ONE])) < 0.2
    await valkey.start()
    # an empty one, which does not know the script
    answer = shared.take([ONE])
    assert answer is not None
    assert answer.states[0].remaining == 99
    valkey.kill()


async def test_one_that_restarts_between_two_requests_costs_neither(valkey: OwnValkey, shared: Shared) -> None:
    assert shared.take([ONE]) is not None
    valkey.kill()
    await valkey.start()
    assert shared.take([ONE]) is not None
    valkey.kill()


async def test_one_that_takes_no_writes_is_away_too(valkey: OwnValkey, shared: Shared) -> None:
    with redis.Redis.from_url(valkey.url) as admin:
        admin.config_set("maxmemory", "1")
        assert shared.take([ONE]) is None
        assert shared.take([ONE]) is None
    valkey.kill()
