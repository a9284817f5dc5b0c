"""Downloads run in threads of their own, with bounds for each owner and one deadline for a group."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cavendish.egress import Download, DownloadPool, EgressBusy, EgressFailed, PoolLimits


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as threads:
        yield threads


class Gate:
    """Downloads that wait until they are let through."""

    def __init__(self) -> None:
        self.begun = 0
        self._open = threading.Event()

    def download(self, left: float) -> str:
        self.begun += 1
        self._open.wait(left)
        return "done"

    @contextmanager
    def shut(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._open.set()

    def until_begun(self, count: int) -> None:
        end = time.monotonic() + 5
        while self.begun < count and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(0.05)  # and no more than that
        assert self.begun == count


def test_several_run_beside_each_other_and_come_back_in_their_order() -> None:
    together = threading.Barrier(3)

    def download(name: str) -> Download[str]:
        def work(left: float) -> str:
            together.wait(5)
            return name

        return work

    assert DownloadPool(PoolLimits()).run("a", [download(name) for name in "xyz"], seconds=5) == ["x", "y", "z"]


def test_an_owner_has_so_many_at_once_and_others_do_not_wait_for_it(callers: ThreadPoolExecutor) -> None:
    pool, gate = DownloadPool(PoolLimits(downloads=4, downloads_per_owner=3)), Gate()
    with gate.shut():
        slow = callers.submit(pool.run, "a", [gate.download] * 9, seconds=20)
        gate.until_begun(3)
        assert pool.run("b", [lambda left: 1] * 3, seconds=5) == [1, 1, 1]
    assert slow.result() == ["done"] * 9


def test_owners_take_turns(callers: ThreadPoolExecutor) -> None:
    pool, gate, order = DownloadPool(PoolLimits(downloads=1)), Gate(), []

    def note(name: str) -> Download[None]:
        return lambda left: order.append(name)

    with gate.shut():
        waiting: list[Future[list[object]]] = [callers.submit(pool.run, "x", [gate.download], seconds=20)]
        gate.until_begun(1)
        for owner in "ab":
            waiting.append(callers.submit(pool.run, owner, [note(owner)] * 2, seconds=20))
            time.sleep(0.05)
    for each in waiting:
        each.result()
    assert order == ["a", "b", "a", "b"]


def test_too_many_groups_are_refused_at_once(callers: ThreadPoolExecutor) -> None:
    pool, gate = DownloadPool(PoolLimits(groups=3, groups_per_owner=2)), Gate()
    with gate.shut():
        waiting = [callers.submit(pool.run, "a", [gate.download], seconds=20) for _ in range(2)]
        gate.until_begun(2)
        with pytest.raises(EgressBusy) as own:
            pool.run("a", [gate.download], seconds=20)
        waiting.append(callers.submit(pool.run, "b", [gate.download], seconds=20))
        gate.until_begun(3)
        with pytest.raises(EgressBusy) as all_of_them:
            pool.run("c", [gate.download], seconds=20)
    assert (own.value.own, all_of_them.value.own) == (True, False)
    for each in waiting:
        each.result()
    pool.run("a", [gate.download], seconds=20)
    assert (dict(pool._owners), pool._groups, pool._running) == ({}, 0, 0)


def test_one_deadline_holds_for_all_of_a_group_waiting_included(callers: ThreadPoolExecutor) -> None:
    pool, gate = DownloadPool(PoolLimits(downloads=1)), Gate()
    with gate.shut():
        slow = callers.submit(pool.run, "a", [gate.download], seconds=20)
        gate.until_begun(1)
        began = time.monotonic()
        with pytest.raises(EgressFailed):
            pool.run("b", [gate.download] * 5, seconds=0.3)
        assert time.monotonic() - began < 2
        assert gate.begun == 1  # nothing of it was begun
    assert slow.result() == ["done"]
    assert (dict(pool._owners), pool._running) == ({}, 0)


def test_what_a_download_raises_comes_when_all_have_ended() -> None:
    ended = []

    def fail(left: float) -> None:
        raise EgressFailed("no")

    def slow(left: float) -> None:
        time.sleep(0.2)
        ended.append(left)

    with pytest.raises(EgressFailed, match="no"):
        DownloadPool(PoolLimits()).run("a", [fail, slow], seconds=5)
    assert len(ended) == 1
