"""A side of the comparison: whom to call, how, and what of the processor it took."""

from __future__ import annotations

import contextlib
import functools
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import psutil

from tests.bench.calls import Reply
from tests.bench.pictures import Size, noise_png
from tests.bench.stack import BenchError


@dataclass(frozen=True)
class Side:
    """`spent` is seconds of a processor so far, by kind; `processes` are those to freeze while others are measured,
    `needs` what it cannot do without of another side's.
    """

    label: str
    version: str
    port: int
    request: Callable[[Size], bytes]
    checked: Callable[[Reply, Size], Reply]
    processes: Callable[[], list[psutil.Process]]
    spent: Callable[[], dict[str, float]]
    needs: Callable[[], list[psutil.Process]] = list


@functools.cache
def base64_length(size: Size) -> int:
    return -(-len(noise_png(size)) // 3) * 4


def picture_reply(reply: Reply, size: Size) -> Reply:
    """The reply, if it can hold the whole picture."""
    if reply.status != 200 or reply.bytes < base64_length(size):
        raise BenchError(
            f"An answer is not whole: {reply.status}, {reply.bytes} bytes {reply.body[:300].decode(errors='replace')}"
        )
    return reply


def spent_by(processes: Iterable[psutil.Process]) -> float:
    seconds = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


@contextlib.contextmanager
def frozen(sides: Iterable[Side], *, but: Iterable[psutil.Process] = ()) -> Iterator[None]:
    """Their processes stand still meanwhile: parents first, so that none misses a child, and go on in reverse."""
    spared = {process.pid for process in but}
    processes = [process for side in sides for process in side.processes() if process.pid not in spared]
    stopped: list[psutil.Process] = []
    try:
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGSTOP)
                stopped.append(process)
        yield
    finally:
        for process in reversed(stopped):
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
