"""Memory of processes, from what Linux says of them."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psutil

from tests.bench.stack import Stack

EVERY = 0.2


def pss_total(processes: Iterable[psutil.Process]) -> int:
    """Bytes of all of them together, pages that they share counted once (proportional set size)."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total


def peak_rss(processes: Sequence[psutil.Process]) -> int:
    """The largest resident size in bytes of any of them since `forget_peaks`."""
    found = [re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()) for process in processes]
    return max(int(match[1]) * 1024 for match in found if match)


def forget_peaks(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")


class Watch:
    """The most that all processes of a platform had together while it was watched, sampled five times a second."""

    def __init__(self) -> None:
        self.most = 0
        self.before = 0

    @property
    def growth(self) -> int:
        return max(self.most - self.before, 0)


@contextlib.contextmanager
def watched(stack: Stack) -> Iterator[Watch]:
    watch = Watch()
    watch.before = pss_total(stack.processes())
    done = threading.Event()

    def sample() -> None:
        while not done.wait(EVERY):
            watch.most = max(watch.most, pss_total(stack.processes()))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()
