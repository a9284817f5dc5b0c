"""The sandbox's stored interactions, one small JSON file each.

The response of a background interaction is decided when it is created, and it is in progress until a point in time:
nothing runs in between, so a restart has nothing to resume, and thousands in flight cost a timer each.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from starlette.types import Receive

from cavendish.sandbox.contents import Json
from cavendish.sandbox.plan import ResponsePlan
from cavendish.sandbox.words import Fault, Words

_ID = re.compile(r"v1_[0-9a-f]{32}")
_KEPT_SECONDS = 55 * 24 * 3600.0
KEPT = 50_000
"""Interactions on disk. The oldest beyond them are forgotten, with a look every KEPT // 50 new ones."""
REMEMBERED = 256
REMEMBERED_BYTES = 4 * 1024 * 1024
"""Interactions in memory, by count and by the size of their JSON; the others are read from disk."""


@dataclass
class Record:
    """An interaction. `ready_at` is in epoch seconds, None if it never ends; `attempts_key` names the body."""

    id: str
    owner: str
    model: str
    created: float
    ready_at: float | None
    plan: ResponsePlan
    words: Words
    echo: Json
    input: list[Json]
    inputs: int
    store: bool
    background: bool
    attempts_key: str
    cancelled_at: float | None = None

    @property
    def status(self) -> str:
        if self.cancelled_at is not None:
            return "cancelled"
        if self.ready_at is None or self.ready_at > time.time():
            return "in_progress"
        return self.plan.status

    @property
    def updated(self) -> float:
        if self.cancelled_at is not None:
            return self.cancelled_at
        return self.created if self.status == "in_progress" else max(self.created, self.ready_at or 0.0)


def new_id() -> str:
    return f"v1_{secrets.token_hex(16)}"


class Records:
    """Files `<id>.json` with the record and `<id>.<n>` with inline input, which survive a killed process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Requests that are under way share one object, so that they see each other's changes.
        self._live: WeakValueDictionary[str, Record] = WeakValueDictionary()
        self._recent: OrderedDict[str, tuple[Record, int]] = OrderedDict()
        self._weight = 0
        self._added = 0
        self._waiting: dict[str, set[asyncio.Event]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        forget(folder)

    async def add(self, record: Record, inline: list[bytes]) -> None:
        if inline:
            await asyncio.to_thread(self._write_input, record.id, inline)
        self._write(record)
        self._added += 1
        if self._added % (KEPT // 50) == 0:
            asyncio.get_running_loop().run_in_executor(None, forget, self._folder)

    def find(self, id: str, owner: str) -> Record | None:
        """Returns the interaction, or None for an unknown one and for another key's."""
        record = self._live.get(id)
        if record is None:
            found = self._read(id)
            if found is None:
                return None
            record = found[0]
            self._remember(*found)
        elif id in self._recent:
            self._recent.move_to_end(id)
        return record if record.owner == owner else None

    def cancel(self, record: Record) -> None:
        record.cancelled_at = time.time()
        self._write(record)
        self._wake(record.id)

    def delete(self, record: Record) -> None:
        self._forget(record.id)
        self._live.pop(record.id, None)
        self._path(record.id).unlink(missing_ok=True)
        for number in range(record.inputs):
            self.input_path(record.id, number).unlink(missing_ok=True)
        record.cancelled_at = record.cancelled_at or time.time()
        self._wake(record.id)

    def input_path(self, id: str, number: int) -> Path:
        return self._folder / f"{id}.{number}"

    async def ended(self, record: Record, receive: Receive) -> bool:
        """Waits until the interaction is no longer in progress. Returns False when the client disconnected before."""
        if record.status != "in_progress":
            return True
        woken = asyncio.Event()
        self._waiting.setdefault(record.id, set()).add(woken)
        disconnect = asyncio.create_task(_disconnected(receive))
        wake = asyncio.create_task(woken.wait())
        try:
            # A loop, since the timer may fire a moment before the clock of `status` agrees.
            while not disconnect.done() and not wake.done() and record.status == "in_progress":
                timeout = None if record.ready_at is None else max(0.001, record.ready_at - time.time())
                await asyncio.wait({disconnect, wake}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            return not disconnect.done()
        finally:
            disconnect.cancel()
            wake.cancel()
            self._waiting[record.id].discard(woken)
            if not self._waiting[record.id]:
                del self._waiting[record.id]

    def _write_input(self, id: str, inline: list[bytes]) -> None:
        for number, raw in enumerate(inline):
            self.input_path(id, number).write_bytes(raw)

    def _wake(self, id: str) -> None:
        for event in self._waiting.get(id, ()):
            event.set()

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _write(self, record: Record) -> None:
        self._remember(record, write_json(self._path(record.id), asdict(record)))

    def _read(self, id: str) -> tuple[Record, int] | None:
        """Returns an interaction with the size of its JSON."""
        if not _ID.fullmatch(id):
            return None
        try:
            raw = self._path(id).read_bytes()
        except FileNotFoundError:
            return None
        stored: dict[str, Any] = json.loads(raw)
        frame = stored["plan"]["frame"]
        plan = ResponsePlan(**{**stored["plan"], "frame": tuple(frame) if frame else None})
        faults = tuple(Fault(**fault) for fault in stored["words"]["faults"])
        return Record(**{**stored, "plan": plan, "words": Words(**{**stored["words"], "faults": faults})}), len(raw)

    def _remember(self, record: Record, size: int) -> None:
        self._forget(record.id)
        self._live[record.id] = record
        self._recent[record.id] = (record, size)
        self._weight += size
        while self._weight > REMEMBERED_BYTES or len(self._recent) > REMEMBERED:
            self._forget(next(iter(self._recent)))

    def _forget(self, id: str) -> None:
        if id in self._recent:
            self._weight -= self._recent.pop(id)[1]


def write_json(path: Path, value: Json) -> int:
    """Writes the file at once or not at all. Returns its size."""
    partial = path.with_name(f"{path.name}.part")
    size = partial.write_text(json.dumps(value))
    partial.replace(path)
    return size


def forget(folder: Path) -> None:
    """Deletes what Google would have deleted by its age, and the oldest interactions beyond KEPT with their input."""
    remove_older(folder, _KEPT_SECONDS)
    ages: list[tuple[float, str]] = []
    names = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(path.name)
            if path.suffix == ".json":
                ages.append((path.stat().st_mtime, path.stem))
    gone = {id for _, id in sorted(ages)[: max(0, len(ages) - KEPT)]}
    for name in names:
        if name.partition(".")[0] in gone:
            (folder / name).unlink(missing_ok=True)


def remove_older(folder: Path, seconds: float) -> None:
    """Deletes old files: Google forgets them after such a time, too."""
    limit = time.time() - seconds
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
