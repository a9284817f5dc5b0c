"""Items whose pictures have to be fetched: fed in threads of their own, while the feeder goes on with others."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from generations.models import Batch, BatchItem

THREADS = 32
PER_TENANT = 4
"""Of both modes together."""
_MAX_REMEMBERED = 10_000


class Aside:
    """`work` is done for an item that is put here. It must not raise."""

    def __init__(self, work: Callable[[Batch, BatchItem], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="batch-fetch")
        self._items: dict[tuple[UUID, int], UUID] = {}
        self._of_tenants: Counter[UUID] = Counter()
        self._seen: OrderedDict[UUID, int] = OrderedDict()

    def put(self, batch: Batch, item: BatchItem) -> bool:
        """Puts an item aside. False where there is no room: then it waits on."""
        key = (batch.id, item.index)
        with self._lock:
            if key in self._items:
                return True
            if not self._room(batch.tenant_id):
                return False
            self._items[key] = batch.tenant_id
            self._of_tenants[batch.tenant_id] += 1
        self._threads.submit(self._run, batch, item, key)
        return True

    def room(self, tenant_id: UUID) -> int:
        """Returns how many items more of a tenant can be put aside."""
        with self._lock:
            return self._room(tenant_id)

    def indexes(self, batch_id: UUID) -> list[int]:
        """Returns which items of a batch are aside."""
        with self._lock:
            return [index for batch, index in self._items if batch == batch_id]

    def seen(self, batch_id: UUID) -> int:
        """Returns up to which index each item of a batch is a job, has ended, or has to be fetched for; -1 for none.

        So that a thousand items that wait for fetches are not read again each second. It is forgotten with the process.
        """
        with self._lock:
            return self._seen.get(batch_id, -1)

    def note_seen(self, batch_id: UUID, index: int) -> None:
        with self._lock:
            self._seen[batch_id] = max(index, self._seen.get(batch_id, -1))
            self._seen.move_to_end(batch_id)
            while len(self._seen) > _MAX_REMEMBERED:
                self._seen.popitem(last=False)

    def stop(self) -> None:
        """Returns when the items in hand are done; those that have no thread yet wait on."""
        self._threads.shutdown(cancel_futures=True)

    def _room(self, tenant_id: UUID) -> int:
        return max(0, min(PER_TENANT - self._of_tenants[tenant_id], THREADS - len(self._items)))

    def _run(self, batch: Batch, item: BatchItem, key: tuple[UUID, int]) -> None:
        try:
            self._work(batch, item)
        finally:
            with self._lock:
                tenant_id = self._items.pop(key)
                self._of_tenants[tenant_id] -= 1
                if not self._of_tenants[tenant_id]:
                    del self._of_tenants[tenant_id]
