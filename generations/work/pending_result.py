"""What was bought is never lost: a result lies in the spool from its answer's last byte until it is settled.

A folder `jobs/<generation>-<attempt>` holds the pictures and, last, `result.json` (written whole or not at all). Who
finds one delivers it: the process that bought the answer, or the next one on this machine after a crash. Delivering
twice is harmless, since storing an object and ending a generation are.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from django.conf import settings

from cavendish.db import ids
from cavendish.storage import ObjectMissing, StorageAway, is_outage, objects
from cavendish.telemetry.tracing import span
from generations.contracts import GenerationResult
from generations.work import metrics
from generations.work.away import POSTGRESQL, STORAGE, is_away, waited_for
from generations.work.job import Job
from generations.work.job_store import JobStore
from generations.work.result import guard_refusal, platform_failure
from generations.work.review import Review, reviewed

logger = logging.getLogger(__name__)

Tell = Callable[[UUID], Awaitable[None]]
"""Says that a generation has ended, to whoever waits."""
RESULT = "result.json"
UPSTREAM_NAMES: tuple[Literal["upstream_id", "upstream_key", "upstream_host"], ...] = (
    "upstream_id",
    "upstream_key",
    "upstream_host",
)
FIRST_RETRY = 0.2
SLOWEST_RETRY = 5.0
LOST_SECONDS = 120.0
"""How long a spool may be away with a picture that it has; then the job fails, and nothing is charged."""
ABANDONED = 24 * 3600.0


@dataclass(frozen=True)
class PendingResult:
    """A result on its way into storage and database. `files` maps a storage key to a path inside the folder.

    `hooks` are the guard rules that have not been asked about it yet. One of them may have refused it: then it
    `discards` its files.
    """

    folder: Path
    tenant_id: UUID
    generation_id: UUID
    attempt: int
    token: UUID
    result: GenerationResult
    files: dict[str, str]
    hooks: Sequence[str] = ()
    discards: bool = False
    request_id: str = ""
    model: str = ""
    traceparent: str = ""

    @property
    def name(self) -> str:
        """The generation's id as the API and the logs write it."""
        return ids.encode(ids.GENERATION, self.generation_id)

    def write(self) -> None:
        """Writes `result.json`, whole or not at all."""
        part = self.folder / (RESULT + ".part")
        # One text by the encoder in C, where json.dump takes the one in Python.
        text = json.dumps(
            {
                "tenant_id": str(self.tenant_id),
                "generation_id": str(self.generation_id),
                "attempt": self.attempt,
                "token": str(self.token),
                "result": self.result,
                "files": self.files,
                "hooks": list(self.hooks),
                "discards": self.discards,
                "request_id": self.request_id,
                "model": self.model,
                "traceparent": self.traceparent,
            }
        )
        try:
            _write(part, text.encode())
        except FileNotFoundError:  # a picture has made the folder, mostly
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(part, text.encode())
        part.rename(self.folder / RESULT)

    @classmethod
    def read(cls, folder: Path) -> PendingResult | None:
        """Returns the result of a folder, None where none was written."""
        try:
            values = json.loads((folder / RESULT).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return cls(
            folder=folder,
            tenant_id=UUID(values["tenant_id"]),
            generation_id=UUID(values["generation_id"]),
            attempt=values["attempt"],
            token=UUID(values["token"]),
            result=values["result"],
            files=values["files"],
            hooks=values.get("hooks", ()),
            discards=values.get("discards", False),
            request_id=values.get("request_id", ""),
            model=values.get("model", ""),
            traceparent=values.get("traceparent", ""),
        )

    def remove(self) -> None:
        """Removes the folder, in which mostly nothing is left but the result."""
        try:
            (self.folder / RESULT).unlink(missing_ok=True)
            self.folder.rmdir()
        except OSError:  # it has more, or is gone
            shutil.rmtree(self.folder, ignore_errors=True)


def _write(path: Path, text: bytes) -> None:
    with path.open("wb", buffering=len(text)) as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())


def pending_result_of(job: Job, result: GenerationResult, paths: dict[str, Path]) -> PendingResult:
    """`paths` are those of the pictures in the job's folder, by their storage keys."""
    return PendingResult(
        folder=job.spool,
        tenant_id=job.tenant_id,
        generation_id=job.id,
        attempt=job.attempt,
        token=job.lease_token,
        result=result,
        files={key: str(path.relative_to(job.spool)) for key, path in paths.items()},
        hooks=job.spec.get("after_hooks", ()) if result["outputs"] or result["content"] else (),
        request_id=job.request_id,
        model=job.model,
        traceparent=job.traceparent,
    )


def keep(pending: PendingResult) -> tuple[OSError | None, bool]:
    """Writes the result, then moves its pictures into the store: in one go, as each hop into a thread costs.

    Returns why the spool did not take the result, and whether the pictures are stored; where not, `deliver` does it.
    """
    refused = None
    try:
        pending.write()
    except OSError as error:
        refused = error
    try:
        if not pending.discards:
            _store_all(pending)
    except Exception as error:
        if not is_outage(error):
            raise
        return refused, False
    return refused, True


async def deliver(pending: PendingResult, store: JobStore, tell: Tell, *, stored: bool = False) -> str:
    """Stores the pictures, unless they are `stored`, asks guard hooks, ends the generation, tells who waits for it, and
    removes what is left in the spool; waits out a storage or a PostgreSQL that is away.

    Returns what `generation_finish` did: 'ended', 'already' or 'lost'. When the job is somebody else's by now, what was
    stored is deleted. A result that the database refuses, which is a bug of ours, fails the generation: it would stay
    running for ever.
    """
    if pending.files and not pending.discards and not stored:
        with span("storage"):
            await _through_outages(STORAGE, lambda: asyncio.to_thread(_store_all, pending))
    if pending.hooks:
        pending = await _review(pending)
    refused = False
    try:
        outcome = await _through_outages(POSTGRESQL, lambda: _finish(pending, store))
    except Exception as error:
        if pending.result["error"] and not pending.files:
            raise
        logger.error("The result of generation %s cannot be stored: %s.", pending.name, type(error).__name__)
        refused = True
        pending = _refused(pending)
        outcome = await _through_outages(POSTGRESQL, lambda: _finish(pending, store))
    if outcome == "ended":
        failed = pending.result["error"]
        metrics.ENDED.labels(pending.model, pending.result["status"], failed["code"] if failed else "").inc()
    if outcome == "lost":
        logger.warning("Generation %s was taken over; its late answer is dropped.", pending.name)
    if outcome == "lost" or refused or pending.discards:
        await _through_outages(STORAGE, lambda: asyncio.to_thread(_delete_all, pending))
    removed = asyncio.to_thread(pending.remove)
    if outcome in {"ended", "already"}:
        # Who waits is told first, but a Valkey that hangs leaves nothing in the spool.
        await asyncio.gather(tell(pending.generation_id), removed)
    else:
        await removed
    return str(outcome)


async def _review(pending: PendingResult) -> PendingResult:
    """Returns the result as the guard's hooks leave it. Their decision is kept before it is acted on: whoever delivers
    the result again does not ask again.
    """
    review = Review(pending.tenant_id, pending.generation_id, pending.hooks, pending.result)
    refusal = await _through_outages(POSTGRESQL, lambda: reviewed(review))
    decided = replace(pending, hooks=())
    if refusal is not None:
        result = guard_refusal(pending.result, refusal.message, is_charged=refusal.is_charged)
        decided = replace(decided, result=result, discards=True)
    try:
        await asyncio.to_thread(decided.write)
    except OSError as error:
        logger.warning("Generation %s: the spool does not take the decision (%s).", pending.name, type(error).__name__)
    return decided


def _refused(pending: PendingResult) -> PendingResult:
    """Returns the same end as a failure of ours, without content; what the upstream billed stays recorded as cost."""
    result = platform_failure(pending.result["failures"])
    for name in UPSTREAM_NAMES:
        if name in pending.result:
            result[name] = pending.result[name]
    if calls := pending.result.get("calls"):
        result["calls"] = calls
    result["charge"]["cost"] = pending.result["charge"]["cost"]
    return replace(pending, result=result)


async def _finish(pending: PendingResult, store: JobStore) -> str:
    with span("settlement"), metrics.SETTLE_SECONDS.time():
        return await store.finish(
            tenant_id=pending.tenant_id,
            generation_id=pending.generation_id,
            attempt=pending.attempt,
            token=pending.token,
            result=pending.result,
        )


async def _through_outages(what: str, work: Any) -> Any:
    """Repeats `work` until it is through or fails for another reason than an outage."""
    pause = FIRST_RETRY
    began = time.monotonic()
    with ExitStack() as waiting:
        while True:
            try:
                return await work()
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                await asyncio.sleep(0.01)
            except Exception as error:
                lost = isinstance(error, PictureAway) and time.monotonic() - began > LOST_SECONDS
                if lost or (not is_away(error) and not is_outage(error)):
                    raise
                # A picture that is away is one job's trouble: others are claimed meanwhile.
                if pause == FIRST_RETRY and not isinstance(error, PictureAway):
                    waiting.enter_context(waited_for(what, type(error).__name__))
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLOWEST_RETRY)


class PictureAway(StorageAway):
    """A picture is neither in the spool nor in the store: the spool is away, and may come back with it."""


def _store_all(pending: PendingResult) -> None:
    for key, name in pending.files.items():
        path = pending.folder / name
        if path.exists():
            objects().keep(path, key)
        elif not _is_stored(key):
            raise PictureAway(key)
        # Else it was moved before a crash: the rename is the last thing that happens to it here.


def _is_stored(key: str) -> bool:
    try:
        return next(iter(objects().read(key, length=1)), b"") != b""
    except ObjectMissing:
        return False


def _delete_all(pending: PendingResult) -> None:
    for key in pending.files:
        objects().delete(key)


def pending_results_find(older_than: float = 0.0) -> list[PendingResult]:
    """Returns the results that lie in the spool for longer than so many seconds: left behind by a dead process.

    Removes folders that never got a result and that nobody has touched for a day.
    """
    jobs = Path(settings.SPOOL_DIR) / "jobs"
    if not jobs.is_dir():
        return []
    results = []
    for folder in sorted(path for path in jobs.iterdir() if path.is_dir()):
        pending = PendingResult.read(folder)
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            continue
        if pending is not None and age >= older_than:
            results.append(pending)
        elif pending is None and age > ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)
    return results
