"""Keys that the event loop does not know are read in threads, and newcomers do not hold up those who are known."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cavendish.http.admission import Caller, HeadHeaders, RequestHead, Unread
from cavendish.http.problems import Problem
from cavendish.wait.readers import KeyReaders

HEAD = RequestHead("GET", "/", "", HeadHeaders([]), "1.1.1.1")


class Slow:
    """Reads until it is let go; says how often it was asked."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.reads = 0

    def known(self, head: RequestHead) -> Caller | Unread:
        raise AssertionError

    def read(self, head: RequestHead) -> Caller:
        self.reads += 1
        self.let_go.wait(10)
        return Caller("t", "k")


class Refusing(Slow):
    def read(self, head: RequestHead) -> Caller:
        raise Problem(401, "authentication_failed")


async def test_newcomers_wait_for_each_other_and_not_the_known_for_them() -> None:
    readers, slow, quick = KeyReaders(), Slow(), Slow()
    quick.let_go.set()
    new = [asyncio.create_task(readers.read(slow, HEAD, Unread(new=True, shared=n))) for n in range(50)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await readers.read(quick, HEAD, Unread(new=False)) == Caller("t", "k")
    assert not any(task.done() for task in new)
    slow.let_go.set()
    await asyncio.gather(*new)
    assert slow.reads == 50


async def test_requests_with_one_key_are_one_reading() -> None:
    readers, slow = KeyReaders(), Slow()
    tasks = [asyncio.create_task(readers.read(slow, HEAD, Unread(new=True, shared="key"))) for _ in range(3000)]
    await asyncio.sleep(0.01)
    tasks[0].cancel()
    slow.let_go.set()
    answers = await asyncio.gather(*tasks[1:])
    assert (slow.reads, set(answers)) == (1, {Caller("t", "k")})
    assert readers._in_flight == {}
    assert readers._waiting == 0


async def test_too_many_new_keys_are_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.readers.MOST_NEW", 10)
    readers, slow, quick = KeyReaders(), Slow(), Slow()
    quick.let_go.set()
    tasks = [asyncio.create_task(readers.read(slow, HEAD, Unread(new=True, shared=n))) for n in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as caught:
        await readers.read(slow, HEAD, Unread(new=True, shared="more"))
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "1")
    await readers.read(quick, HEAD, Unread(new=False))
    slow.let_go.set()
    await asyncio.gather(*tasks)
    await readers.read(quick, HEAD, Unread(new=True, shared="more"))


async def test_a_refusal_is_everybodys_who_waited() -> None:
    readers = KeyReaders()
    for _ in range(2):
        tasks = [asyncio.create_task(readers.read(Refusing(), HEAD, Unread(new=True, shared="key"))) for _ in range(3)]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(answer, "status", None) for answer in answers] == [401] * 3
