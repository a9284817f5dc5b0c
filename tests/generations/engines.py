"""A worker's engine inside the test process, on a loop of its own thread, as Dramatiq's middleware runs it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings

from generations.models import TERMINAL
from generations.work.engine import Engine
from tests.generations.helpers import rows, status

T = TypeVar("T")


class EngineThread:
    """`before` runs on the loop before the engine is made, for example to start an upstream."""

    def __init__(self, before: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="engine", daemon=True)
        self.thread.start()
        if before is not None:
            self.call(before())
        # It claims by itself once. A doorbell here would wait for room, and there is none while storage is away.
        self.engine = self.call(self._make())

    async def _make(self) -> Engine:
        engine = Engine()
        await engine.start()
        return engine

    def call(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def deafen(self) -> None:
        """From now on no job is handed to it: it claims those that are queued."""

        async def deaf() -> None:
            listening = self.engine._loops[2]
            while not listening.done():
                listening.cancel()  # again, where a connection that is being made has swallowed it
                await asyncio.wait({listening}, timeout=0.5)
            await self.engine._beat()

        self.call(deaf())

    def ring(self) -> None:
        self.call(self.engine.ring())

    def stop(self, patience: float = 5.0) -> None:
        self.call(self.engine.stop(patience), patience + 15)
        self._end()

    def abandon(self) -> None:
        """As near to kill -9 as a thread comes: nothing more runs, nothing is given back."""

        async def drop() -> None:
            mine = [running.task for running in self.engine.running.values() if running.task]
            for task in [*mine, *self.engine.delivering.values(), *self.engine._loops]:
                task.cancel()
            await asyncio.sleep(0.1)
            await self.engine.clients.aclose()
            await self.engine.store.close()
            if self.engine.valkey is not None:
                await self.engine.valkey.aclose()

        self.call(drop())
        self._end()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@contextmanager
def engine_thread() -> Iterator[EngineThread]:
    running = EngineThread()
    try:
        yield running
    finally:
        running.stop()


def wait_until(done: Callable[[], bool], timeout: float = 20.0, what: str = "it") -> float:
    """Seconds that it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < timeout, f"{what} did not happen in {timeout} s"
        time.sleep(0.02)
    return time.monotonic() - began


def wait_ended(*ids: UUID, timeout: float = 20.0) -> list[str]:
    """Their terminal statuses."""
    query = "SELECT count(*) AS open FROM generations_generation WHERE id = ANY (%s) AND status <> ALL (%s)"

    def ended() -> bool:
        return bool(rows("owner", query, list(ids), list(TERMINAL))[0]["open"] == 0)

    wait_until(ended, timeout, f"the end of {len(ids)} generations")
    return [status(id) for id in ids]


def outputs(id: UUID) -> list[dict[str, Any]]:
    return rows("owner", "SELECT * FROM generations_output WHERE generation_id = %s ORDER BY part, index", id)


def charge(id: UUID) -> dict[str, Any]:
    (row,) = rows("owner", "SELECT * FROM billing_charge WHERE generation_id = %s", id)
    return row


def stored(key: str) -> Path:
    return Path(unquote(urlsplit(settings.STORAGE_URL).path)) / key


def stored_whole(id: UUID) -> int:
    """I7: each output's bytes are there, with its hash. Answers how many."""
    found = outputs(id)
    for output in found:
        content = stored(output["storage_key"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (output["bytes"], output["sha256"])
    return len(found)


def spooled() -> list[str]:
    jobs = Path(settings.SPOOL_DIR) / "jobs"
    return sorted(path.name for path in jobs.iterdir()) if jobs.is_dir() else []


def bought(marker: str) -> list[dict[str, Any]]:
    """The interactions that the sandbox was asked for with this word in the prompt."""
    folder = Path(settings.DATA_DIR) / "sandbox" / "interactions"
    return [json.loads(text) for path in folder.glob("*.json") if marker in (text := path.read_text())]
