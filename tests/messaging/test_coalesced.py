"""Doorbells that come within moments are one, and none is lost."""

from __future__ import annotations

import json
import threading
import time
from itertools import pairwise

import pytest

from cavendish.messaging.coalesced import Coalesced
from generations import tasks
from tests.races import until

SECONDS = 0.05


def test_the_first_call_is_made_at_once_and_those_behind_it_together() -> None:
    made: list[tuple[float, int]] = []
    coalesced = Coalesced(lambda count: made.append((time.monotonic(), count)), seconds=SECONDS)
    coalesced.call()
    assert [count for _, count in made] == [1]
    for _ in range(9):
        coalesced.call(2)
    assert len(made) == 1
    until(lambda: len(made) == 2)
    assert made[1][1] == 18
    time.sleep(2 * SECONDS)
    coalesced.call()
    assert [count for _, count in made] == [1, 18, 1]
    assert all(later - earlier >= SECONDS for (earlier, _), (later, _) in pairwise(made))


def test_of_many_threads_no_call_is_lost_and_none_comes_before_its_time() -> None:
    made: list[tuple[float, int]] = []
    coalesced = Coalesced(lambda count: made.append((time.monotonic(), count)), seconds=SECONDS / 5)

    def many() -> None:
        for _ in range(200):
            coalesced.call()
            time.sleep(0.0005)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: sum(count for _, count in made) == 1600)
    assert len(made) < 400
    assert all(later - earlier >= SECONDS / 5 - 0.001 for (earlier, _), (later, _) in pairwise(made))


def test_a_doorbell_says_for_how_many_jobs_it_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(tasks.doorbell.broker, "enqueue", lambda message, **_: sent.append(message))
    tasks._send(7)
    message = json.loads(sent[0].encode())
    assert (message["options"]["jobs"], message["args"], message["kwargs"]) == (7, [], {})
