"""No regular expression takes longer than in proportion to the text that it is put to, whatever the text."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from accounts.people import devices
from cavendish.http.path_classes import CLASSES, UNNAMED
from generations.guard import words
from tests.text.hostile import texts
from tests.text.patterns import Found, find, held, modules

KILOBYTES = 16
MILLISECONDS_PER_KILOBYTE = 5
"""Usual are 0.01 to 0.3. What is quadratic takes 30 and more for each of 16 kB."""

FOUND, UNTOLD = find()
# Calls whose pattern the source does not tell: the patterns that they are given, and whether they are searched for.
ELSEWHERE: dict[str, tuple[list[str | re.Pattern[str]], bool]] = {
    "re.search(pattern, user_agent)": ([*(pattern for _, pattern in devices._BROWSERS + devices._SYSTEMS)], True),
    "re.compile(pattern, re.VERBOSE)": ([*(known.pattern for known in (*CLASSES, UNNAMED))], False),
    # The operator's own table, put to the names in the upstream's reports: no text of a tenant's or a model's.
    "re.compile(row['pattern'], re.IGNORECASE)": ([], True),
    r"re.compile(f'[\\w{marks}]+')": ([words._patterns()[0]], True),
    "re.compile(f'([{marks}]{{{_MARKS_IN_A_ROW}}})[{marks}]+')": ([words._patterns()[1]], True),
}
TOLD = [
    Found(code, re.compile(pattern), searched)
    for code, (patterns, searched) in ELSEWHERE.items()
    for pattern in patterns
]
ALL = {(found.pattern.pattern, found.pattern.flags, found.searched): found for found in [*FOUND, *TOLD]}.values()


class TooSlow(Exception):
    pass


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Interrupts a match: `re` looks for signals now and then."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slowest(found: Found, kilobytes: int) -> tuple[float, str]:
    """Seconds of processor time, and the text. Raises TooSlow at the first that is beyond the bound."""
    worst, culprit = 0.0, ""
    bound = kilobytes * MILLISECONDS_PER_KILOBYTE / 1000
    for text in texts(found.pattern, kilobytes * 1024):
        subject = text.encode("latin-1", "replace") if isinstance(found.pattern.pattern, bytes) else text
        shown = f"{text[:40]!r} … {text[-20:]!r}"
        taken = seconds(found, subject, bound)
        if taken > bound:  # once more: somebody else may have had the processor's cache
            taken = seconds(found, subject, bound)
        if taken > bound:
            raise TooSlow(shown)
        if taken > worst:
            worst, culprit = taken, shown
    return worst, culprit


def seconds(found: Found, subject: str | bytes, bound: float) -> float:
    started = time.process_time()
    with contextlib.suppress(TooSlow), deadline(4 * bound):
        if found.searched:
            for _ in found.pattern.finditer(subject):  # type: ignore[arg-type]
                pass
        else:
            found.pattern.match(subject)  # type: ignore[arg-type]
            found.pattern.fullmatch(subject)  # type: ignore[arg-type]
    return time.process_time() - started


def test_every_expression_is_known() -> None:
    assert {call.code for call in UNTOLD} == set(ELSEWHERE)
    assert len(FOUND) > 50
    known = {found.pattern.pattern for found in FOUND}
    compiled = {pattern.pattern: module.__name__ for module in modules() for pattern in held(module)}
    foreign = {pattern: module for pattern, module in compiled.items() if pattern not in known}
    assert foreign == {}


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.where)
def test_an_expression_is_linear(found: Found) -> None:
    try:
        worst, text = slowest(found, KILOBYTES)
    except TooSlow as slow:
        pytest.fail(
            f"{found.pattern.pattern!r} takes more than {MILLISECONDS_PER_KILOBYTE} ms for a kilobyte of {slow}"
        )
    if worst > 0.02:  # on the way to the bound
        smaller, _ = slowest(found, KILOBYTES // 4)
        assert worst < 8 * smaller, f"{worst / smaller:.1f} times as long for a text 4 times as long: {text}"


@pytest.mark.parametrize(
    "pattern",
    [
        r"\*\*(?=\S)(.+?)(?<=\S)\*\*",  # what the page of a generation had
        r"(a+)+b",
        r"(?:a|a)*b",
        r"\s+$",
        r"x\s*\s*y",
        rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]',  # what the scan of batches had
        r"<[^>]*>",
        r"[a-z]+@",
    ],
)
def test_slow_expressions_are_noticed(pattern: str | bytes) -> None:
    with pytest.raises(TooSlow):
        slowest(Found("here", re.compile(pattern), True), 2 * KILOBYTES)
