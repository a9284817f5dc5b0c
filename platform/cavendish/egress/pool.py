"""Downloads in threads of their own, so that a host that dawdles takes no thread of anybody else's work.

A group is what one request needs: its downloads run beside each other and share one deadline, waiting for a thread
included. An owner has at most so many groups and so many downloads at once; owners take turns.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cavendish.egress.errors import EgressBusy, EgressFailed

T = TypeVar("T")
Download = Callable[[float], T]
"""Is given the seconds that are left for it."""

GRACE_SECONDS = 5.0
"""How much longer than its deadline a running download may take: a deadline is looked at between two system calls."""


@dataclass(frozen=True)
class PoolLimits:
    """Per process. `downloads` run at once, `groups` are open at once; of one owner, no more than `…_per_owner`."""

    downloads: int = 64
    downloads_per_owner: int = 8
    groups: int = 64
    groups_per_owner: int = 16


@dataclass
class _Owner:
    groups: int = 0
    running: int = 0
    queue: deque[tuple[Future[Any], Callable[[], Any]]] = field(default_factory=deque)


class DownloadPool:
    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.downloads, thread_name_prefix="fetch")
        self._lock = threading.Lock()
        self._owners: OrderedDict[Hashable, _Owner] = OrderedDict()
        self._groups = 0
        self._running = 0

    def run(self, owner: Hashable, downloads: Sequence[Download[T]], *, seconds: float) -> list[T]:
        """Returns what the downloads returned, in their order, once all have ended.

        Raises EgressBusy at once where too many groups are open, else what the first download that failed raised, and
        EgressFailed for one that `seconds` did not suffice for.
        """
        until = time.monotonic() + seconds
        futures: list[Future[T]] = [Future() for _ in downloads]
        with self._lock:
            entry = self._enter(owner)
            for future, download in zip(futures, downloads, strict=True):
                entry.queue.append((future, _timed(download, until)))
            self._start()
        try:
            wait(futures, timeout=max(until - time.monotonic(), 0.0))
            # What has no thread yet never gets one; what runs sees its deadline itself.
            begun = [future for future in futures if not future.cancel()]
            wait(begun, timeout=GRACE_SECONDS)
            if len(begun) < len(futures):
                raise EgressFailed("It could not be fetched in time.")
            return [future.result(timeout=0) for future in futures]
        except TimeoutError:
            raise EgressFailed("The host did not respond in time.") from None
        finally:
            with self._lock:
                self._leave(owner)

    def _enter(self, owner: Hashable) -> _Owner:
        entry = self._owners.get(owner)
        if entry is not None and entry.groups >= self._limits.groups_per_owner:
            raise EgressBusy(own=True)
        if self._groups >= self._limits.groups:
            raise EgressBusy(own=False)
        if entry is None:
            entry = self._owners[owner] = _Owner()
        entry.groups += 1
        self._groups += 1
        return entry

    def _leave(self, owner: Hashable) -> None:
        entry = self._owners[owner]
        entry.groups -= 1
        self._groups -= 1
        entry.queue = deque(item for item in entry.queue if not item[0].cancelled())
        self._forget(owner, entry)

    def _forget(self, owner: Hashable, entry: _Owner) -> None:
        if not entry.groups and not entry.running and not entry.queue:
            self._owners.pop(owner, None)

    def _start(self) -> None:
        """Gives free threads to owners in turn. Called with the lock held."""
        while self._running < self._limits.downloads:
            ready = (
                owner
                for owner, entry in self._owners.items()
                if entry.queue and entry.running < self._limits.downloads_per_owner
            )
            owner = next(ready, None)
            if owner is None:
                return
            self._owners.move_to_end(owner)
            entry = self._owners[owner]
            future, work = entry.queue.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            entry.running += 1
            self._running += 1
            self._threads.submit(self._run, owner, future, work)

    def _run(self, owner: Hashable, future: Future[Any], work: Callable[[], Any]) -> None:
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            with self._lock:
                entry = self._owners[owner]
                entry.running -= 1
                self._running -= 1
                self._forget(owner, entry)
                self._start()


def _timed(download: Download[T], until: float) -> Callable[[], T]:
    def work() -> T:
        left = until - time.monotonic()
        if left <= 0:
            raise EgressFailed("It could not be fetched in time.")
        return download(left)

    return work
