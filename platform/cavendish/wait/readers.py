"""Threads that read keys which the event loop does not know, apart for those who were here before and for newcomers."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from django.db import close_old_connections

from cavendish.http.admission import Admission, Caller, RequestHead, Unread
from cavendish.http.problems import unavailable

THREADS = 4
MOST_NEW = 1000
"""Keys that nobody knows and that wait to be read; whoever makes keys up fills this and nothing else."""


class KeyReaders:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._known = ThreadPoolExecutor(THREADS, thread_name_prefix="read-known")
        self._new = ThreadPoolExecutor(THREADS, thread_name_prefix="read-new")
        self._waiting = 0
        self._in_flight: dict[Hashable, asyncio.Future[Caller]] = {}

    async def read(self, admission: Admission, head: RequestHead, unread: Unread) -> Caller:
        """Returns the caller. Raises what `admission` raises, and Problem 503 where too many newcomers wait."""
        future = self._in_flight.get(unread.shared) if unread.shared is not None else None
        if future is None:
            future = self._start(admission, head, unread)
        # Whoever hangs up does not end it for the others.
        return await asyncio.shield(future)

    def _start(self, admission: Admission, head: RequestHead, unread: Unread) -> asyncio.Future[Caller]:
        if unread.new and self._waiting >= MOST_NEW:
            raise unavailable("Too many keys wait to be looked up; try again.", retry_after=1)
        threads = self._new if unread.new else self._known
        work = partial(copy_context().run, _read, admission, head)
        future = asyncio.get_running_loop().run_in_executor(threads, work)
        self._waiting += unread.new
        if unread.shared is not None:
            self._in_flight[unread.shared] = future

        def done(ended: asyncio.Future[Caller]) -> None:
            self._waiting -= unread.new
            self._in_flight.pop(unread.shared, None)
            if not ended.cancelled():
                ended.exception()  # seen, should nobody wait any more

        future.add_done_callback(done)
        return future


def _read(admission: Admission, head: RequestHead) -> Caller:
    try:
        return admission.read(head)
    finally:
        close_old_connections()
