"""Counting, in Valkey and in a process: one set of rules, tried on both."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from accounts.limits.counters import Counter, Counting, TakeResult
from accounts.limits.local import Local
from accounts.limits.shared import Shared
from cavendish.messaging import valkey
from tests.services import ROOT

Make = Callable[[int], Counting]


def shared(window: int) -> Counting:
    client = valkey.client(5.0)
    assert client is not None
    return Shared(client, window)


@pytest.fixture(params=[shared, Local], ids=["shared", "local"])
def make(request: pytest.FixtureRequest) -> Make:
    create: Make = request.param
    return create


def name() -> str:
    return f"cavendish:limit:{{{secrets.token_hex(8)}}}:x"


def take(counting: Counting, *counters: Counter) -> TakeResult:
    answer = counting.take(counters)
    assert answer is not None
    return answer


def test_it_takes_as_much_as_the_limit_and_no_more(make: Make) -> None:
    counting, one = make(60), Counter(name(), 1, 3)
    left = [take(counting, one).states[0].remaining for _ in range(3)]
    refused = take(counting, one)
    assert left == [2, 1, 0]
    assert not refused.taken
    [state] = refused.states
    assert state.remaining == 0
    assert state.wait is not None
    assert 59 <= state.wait <= 61
    assert state.reset == state.wait


def test_looking_takes_nothing(make: Make) -> None:
    counting, counter = make(60), name()
    assert take(counting, Counter(counter, 0, 5)).states[0] == take(counting, Counter(counter, 0, 5)).states[0]
    assert take(counting, Counter(counter, 0, 5)).states[0].reset == 0
    take(counting, Counter(counter, 5, 5))
    look = take(counting, Counter(counter, 0, 5))
    assert look.taken
    assert look.states[0].remaining == 0


def test_from_several_counters_it_takes_all_or_nothing(make: Make) -> None:
    counting, tag = make(60), secrets.token_hex(8)
    wide, narrow = f"limit:{{{tag}}}:wide", f"limit:{{{tag}}}:narrow"
    both = (Counter(wide, 1, 100), Counter(narrow, 1, 2))
    assert [take(counting, *both).taken for _ in range(5)] == [True, True, False, False, False]
    assert [state.remaining for state in take(counting, Counter(wide, 0, 100), Counter(narrow, 0, 2)).states] == [98, 0]
    assert [state.fits for state in take(counting, *both).states] == [True, False]


def test_what_can_never_fit_says_so(make: Make) -> None:
    counting, counter = make(60), name()
    for _ in range(2):
        [state] = take(counting, Counter(counter, 4, 3)).states
        assert (state.wait, state.fits, state.remaining) == (None, False, 3)
    assert take(counting, Counter(counter, 3, 3)).taken


def test_a_lowered_limit_counts_what_was_taken_before(make: Make) -> None:
    counting, counter = make(60), name()
    take(counting, Counter(counter, 8, 10))
    [state] = take(counting, Counter(counter, 1, 5)).states
    assert (state.remaining, state.fits) == (0, False)
    assert take(counting, Counter(counter, 0, 5)).taken


def test_what_is_given_back_can_be_taken_again(make: Make) -> None:
    counting, counter = make(60), name()
    answer = take(counting, Counter(counter, 3, 3))
    assert not take(counting, Counter(counter, 1, 3)).taken
    counting.give(answer.second, [counter], [2])
    assert take(counting, Counter(counter, 2, 3)).taken
    assert not take(counting, Counter(counter, 1, 3)).taken


def test_more_than_was_taken_cannot_be_given_back(make: Make) -> None:
    counting, counter = make(60), name()
    answer = take(counting, Counter(counter, 1, 3))
    counting.give(answer.second, [counter], [50])
    counting.give(answer.second, [counter], [50])
    counting.give(answer.second - 5, [counter], [50])
    assert [take(counting, Counter(counter, 1, 3)).taken for _ in range(4)] == [True, True, True, False]


def test_a_window_slides(make: Make) -> None:
    """In a window of a second: nothing longer than it ever holds more than the limit, and room comes when told."""
    counting, one = make(1), Counter(name(), 1, 4)
    taken: list[float] = []
    waited = 0
    ends = time.monotonic() + 3.2
    while time.monotonic() < ends:
        before = time.monotonic()
        answer = take(counting, one)
        if answer.taken:
            taken.append(before)
            continue
        waited += 1
        wait = answer.states[0].wait
        assert wait in {1, 2}
        time.sleep(0.02)
    for first, later in zip(taken, taken[4:], strict=False):
        assert later - first > 0.99
    assert len(taken) >= 8, taken
    assert waited


def test_it_never_waits_longer_than_told(make: Make) -> None:
    counting, counter = make(1), name()
    take(counting, Counter(counter, 2, 2))
    [state] = take(counting, Counter(counter, 2, 2)).states
    assert state.wait is not None
    time.sleep(state.wait)
    assert take(counting, Counter(counter, 2, 2)).taken


def test_threads_at_once_take_exactly_the_limit(make: Make) -> None:
    """Two counters, one of them shared by all: each is met to the last unit and neither is passed."""
    counting, tag = make(60), secrets.token_hex(8)
    ready = Barrier(8)

    def work(number: int) -> int:
        own = Counter(f"limit:{{{tag}}}:{number % 2}", 1, 70)
        ready.wait()
        return sum(take(counting, own, Counter(f"limit:{{{tag}}}:all", 1, 101)).taken for _ in range(40))

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(work, range(8)))
    assert sum(taken) == 101
    assert max(sum(taken[::2]), sum(taken[1::2])) <= 70


def test_processes_at_once_take_exactly_the_limit() -> None:
    command = [sys.executable, "-m", "tests.limits.taker", name(), "150", "100"]
    takers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    try:
        for taker in takers:
            assert taker.stdout is not None
            assert taker.stdout.readline() == "ready\n"
        outputs = [taker.communicate(timeout=30)[0] for taker in started(takers)]
    finally:
        for taker in takers:
            taker.kill()
            taker.communicate()
    assert sum(map(int, outputs)) == 150


def started(takers: Sequence[subprocess.Popen[str]]) -> Sequence[subprocess.Popen[str]]:
    """All at once, before the first is waited for."""
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    return takers


def test_the_same_history_ends_alike_in_both() -> None:
    """Random takings and givings within a window, where the clock decides nothing."""
    counters = [name() for _ in range(3)]

    def run(counting: Counting, choices: Sequence[tuple[int, int, int]]) -> list[tuple[bool, list[int]]]:
        results = []
        answers: list[tuple[int, str, int]] = []
        for index, cost, limit in choices:
            answer = take(counting, Counter(counters[index], cost, limit))
            results.append((answer.taken, [state.remaining for state in answer.states]))
            if answer.taken and cost and cost % 3 == 0:
                answers.append((answer.second, counters[index], cost))
            if len(answers) > 3:
                second, counter, amount = answers.pop(0)
                counting.give(second, [counter], [amount - 1])
        return results

    choices = [(secrets.randbelow(3), secrets.randbelow(7), 20 + secrets.randbelow(20)) for _ in range(200)]
    assert run(shared(60), choices) == run(Local(60), choices)
