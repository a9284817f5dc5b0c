"""Bodies on their way: their pace, the bytes that come at once, and the room on the disk."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from cavendish.http.admission import STRANGER, Caller
from cavendish.http.problems import Problem
from cavendish.wait.bodies import STEP_BYTES, BodyBudget, BudgetLimits
from cavendish.wait.intake import Pace
from tests.door.conftest import MB, Door
from tests.door.raw import Answer, Raw, aside, connected
from tests.door.test_judgement import ask, words
from tests.factories import make_key, make_tenant

ACME, GLOBEX = Caller("acme", "a"), Caller("globex", "b")


def limits(tmp_path: Path, **given: int) -> BudgetLimits:
    return BudgetLimits(spool=tmp_path, **{"keep_free": 0, "small_room": 0, **given})


def refused(caught: pytest.ExceptionInfo[Problem]) -> tuple[int, str]:
    return caught.value.status, caught.value.headers["Retry-After"]


def test_bodies_share_a_budget_and_a_tenant_has_a_share(tmp_path: Path) -> None:
    budget = BodyBudget(limits(tmp_path, total=100, per_tenant=60))
    first = budget.reserve(ACME, "1.1.1.1", 60)
    with pytest.raises(Problem) as caught:
        budget.reserve(ACME, "2.2.2.2", 1)
    assert refused(caught) == (503, "5")
    second = budget.reserve(GLOBEX, "1.1.1.1", 40)
    with pytest.raises(Problem):
        budget.reserve(GLOBEX, "1.1.1.1", 1)
    first.receive(60)
    first.release()
    first.release()
    budget.reserve(GLOBEX, "1.1.1.1", 20).release()
    second.release()
    assert (budget.taken, budget.to_come, budget._by_owner) == (0, 0, {})


def test_large_bodies_leave_room_for_small_ones(tmp_path: Path) -> None:
    budget = BodyBudget(limits(tmp_path, total=20 * MB, per_tenant=4 * MB, small_room=2 * MB))
    large = budget.reserve(ACME, "1.1.1.1", 4 * MB)
    with pytest.raises(Problem):
        budget.reserve(ACME, "1.1.1.1", 2 * MB)
    small = [budget.reserve(ACME, "1.1.1.1", MB) for _ in range(2)]
    with pytest.raises(Problem):
        budget.reserve(ACME, "1.1.1.1", 1)
    chunked = budget.reserve(GLOBEX, "1.1.1.1", 4 * MB - 100), budget.reserve(GLOBEX, "1.1.1.1", 0)
    chunked[1].receive(10)
    with pytest.raises(Problem):
        chunked[1].receive(MB)
    for body in (large, *small, *chunked):
        body.release()
    assert (budget.taken, budget.to_come) == (0, 0)


def test_a_body_without_a_length_counts_as_it_comes(tmp_path: Path) -> None:
    budget = BodyBudget(limits(tmp_path, total=3 * STEP_BYTES, per_tenant=3 * STEP_BYTES))
    body = budget.reserve(ACME, "1.1.1.1", 0)
    body.receive(10)
    assert budget.taken == STEP_BYTES
    body.receive(2 * STEP_BYTES)
    other = budget.reserve(ACME, "1.1.1.1", 10)
    with pytest.raises(Problem):
        body.receive(STEP_BYTES)
    body.release()
    other.release()
    assert (budget.taken, budget.to_come) == (0, 0)


def test_strangers_count_by_what_came_and_by_their_address(tmp_path: Path) -> None:
    budget = BodyBudget(limits(tmp_path, strangers=100, per_address=60))
    idle = [budget.reserve(STRANGER, "1.1.1.1", 2 * MB) for _ in range(100)]
    assert budget.taken == 0
    idle[0].receive(60)
    with pytest.raises(Problem):
        idle[1].receive(1)
    other = budget.reserve(STRANGER, "2.2.2.2", 50)
    other.receive(40)
    with pytest.raises(Problem):
        other.receive(1)
    budget.reserve(ACME, "1.1.1.1", 1000).release()
    idle[0].release()
    idle[2].receive(1)


def test_the_disk_keeps_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 100 * MB
    monkeypatch.setattr(BodyBudget, "_free_bytes", lambda self: free)
    budget = BodyBudget(limits(tmp_path, keep_free=40 * MB))
    body = budget.reserve(ACME, "1.1.1.1", 50 * MB)
    with pytest.raises(Problem) as caught:
        budget.reserve(GLOBEX, "1.1.1.1", 11 * MB)
    assert refused(caught) == (503, "30")
    # Small ones stay in memory.
    budget.reserve(GLOBEX, "1.1.1.1", 1000).release()
    body.receive(MB)
    # Others fill it meanwhile: what has begun goes on until half of what is kept is gone.
    free = 75 * MB
    body.receive(MB)
    free = 60 * MB
    with pytest.raises(Problem):
        body.receive(MB)


async def test_what_does_not_fit_is_told_before_the_body(door: Door, tmp_path: Path) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door(bodies=limits(tmp_path, total=3 * MB, per_tenant=3 * MB)) as (port, layer):
        async with connected(port) as first, connected(port) as raw:
            await first.send(head("POST", "/api/v1/files", "Content-Length: 2500000", key=secret) + b"abc")
            await until(lambda: layer._bodies.taken == 2_500_000)
            answer = await ask(raw, "POST", "/api/v1/files", "Content-Length: 1000000", key=secret)
            assert (answer.status, answer.headers["retry-after"], words(answer)["code"]) == (503, "5", "unavailable")
        await until(lambda: layer._bodies.taken == 0)
        async with connected(port) as google:
            await google.send(head("POST", "/api/v1/files", "Content-Length: 2500000", key=secret))
            await until(lambda: layer._bodies.taken == 2_500_000)
            async with connected(port) as raw:
                answer = await ask(raw, "POST", "/v1beta/interactions", "Content-Length: 1000000", key=secret)
                assert (answer.status, words(answer)["error"]["code"]) == (503, "unavailable")


def head(method: str, path: str, *headers: str, key: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, f"Authorization: Bearer {key}", "", ""]
    return "\r\n".join(lines).encode()


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.intake.WINDOW_SECONDS", 0.4)


async def drip(raw: Raw, size: int, pause: float) -> None:
    while True:
        await raw.send(b" " * size)
        await asyncio.sleep(pause)


async def slow(door: Door, pace: Pace, *, size: int, pause: float, length: int = MB) -> Answer:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door(pace=pace) as (port, layer), connected(port) as raw:
        await raw.send(head("POST", "/api/v1/quotes", f"Content-Length: {length}", key=secret))
        task = asyncio.create_task(drip(raw, size, pause))
        try:
            answer = await raw.answer(seconds=10)
            await raw.rest()
        finally:
            task.cancel()
        assert layer._bodies.taken == 0
        assert layer._open.total == 0
    return answer


@pytest.mark.usefixtures("quick")
async def test_a_body_that_stalls_or_drips_is_ended(door: Door) -> None:
    for size in (0, 100):
        answer = await slow(door, Pace(least_rate=10_000), size=size, pause=0.05)
        assert (answer.status, words(answer)["code"], answer.headers["connection"]) == (408, "body_too_slow", "close")


async def test_a_body_that_comes_at_the_least_rate_passes(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    # Some windows of a second each; in each comes far more than must.
    monkeypatch.setattr("cavendish.wait.intake.WINDOW_SECONDS", 1.0)
    answer = await slow(door, Pace(least_rate=100), size=1000, pause=0.05, length=50_000)
    assert (answer.status, words(answer)["code"]) == (400, "malformed_json")


@pytest.mark.usefixtures("quick")
async def test_a_body_that_takes_for_ever_is_ended_by_its_average(door: Door) -> None:
    answer = await slow(door, Pace(least_rate=10, seconds=1), size=1000, pause=0.05)
    assert answer.status == 408


def test_the_defaults_end_a_phone_on_2g_and_let_64_kb_a_second_pass() -> None:
    pace = Pace()
    assert 5_000 < pace.least_rate < 64_000
    from cavendish.wait.intake import LEAST_AVERAGE, WINDOW_SECONDS

    assert LEAST_AVERAGE < 64_000
    assert 2 * WINDOW_SECONDS <= 60


async def test_a_full_disk_is_507(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))

    class Full:
        def __init__(self, **_: object) -> None: ...

        def write(self, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None: ...

    async with door() as (port, _), connected(port) as raw:
        monkeypatch.setattr("django.core.handlers.asgi.tempfile.SpooledTemporaryFile", Full)
        answer = await ask(raw, "POST", "/api/v1/files", "Content-Length: 4", key=secret, body=b"abcd")
        assert (answer.status, answer.headers["retry-after"]) == (507, "10")
