"""A store whose calls are timed and counted, for `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cavendish.telemetry.metrics import STORAGE_ERRORS, STORAGE_SECONDS, storage_timed


class TimedObjects:
    """Does what the store does that it is made of; see `Objects`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def keep(self, path: Path, key: str, **options: Any) -> Any:
        with storage_timed("keep"):
            return self._store.keep(path, key, **options)

    def delete(self, key: str) -> None:
        with storage_timed("delete"):
            self._store.delete(key)

    def read(self, key: str, **options: Any) -> Iterator[bytes]:
        """Times up to the first bytes only: the rest comes as fast as whoever reads it takes it."""
        chunks = self._store.read(key, **options)
        began = time.perf_counter()
        try:
            first = next(chunks, None)
        except Exception:
            STORAGE_ERRORS.labels("read").inc()
            raise
        finally:
            STORAGE_SECONDS.labels("read").observe(time.perf_counter() - began)
        if first is not None:
            yield first
            yield from chunks
