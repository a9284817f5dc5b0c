"""The engine of a worker process: holds hundreds of jobs on one event loop.

A doorbell (a Dramatiq message) only asks for a claim; it is acknowledged as soon as there is room for one, so a full
process leaves doorbells to others. Which job is run is decided in SQL. See docs/decisions/0003-engine.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import redis
from django.conf import settings

from cavendish.db.away import outages_ignored
from cavendish.gemini.catalog import models_taken
from cavendish.messaging import valkey
from cavendish.messaging.subscription import Subscription
from cavendish.telemetry.request_ids import Request, request_enter
from cavendish.telemetry.tracing import span, span_done
from generations.work import metrics
from generations.work.away import STORAGE, is_away, is_waited_for
from generations.work.clients import Clients
from generations.work.job import Job
from generations.work.job_store import JobStore, retrying
from generations.work.pending_result import PendingResult, deliver, pending_results_find
from generations.work.run import Running, fail, run
from generations.work.spool_health import SpoolHealth
from generations.work.worker_state import WorkerState, worker_name

logger = logging.getLogger(__name__)

CLAIM_AT_ONCE = 32
LOOK_AGAIN = 0.1
RECOVER_EVERY = 30.0
SELF_RING = 2.0
UNHEARD = 3.0
"""Seconds after which a job that was handed to this process, and that it has not heard of, was not told to it."""
FAULT_LOOK = 1.0
SAID = 1.0  # seconds in which a process that stops says so, that no more jobs are handed to it


class Engine:
    """One per process: `start` it on the loop that it will live on; `stop` gives back what did not end in time."""

    def __init__(self) -> None:
        self.name = worker_name()
        self.worker: UUID = uuid4()
        self.capacity: int = settings.WORKER_CONCURRENCY
        self.batch_capacity: int = settings.WORKER_BATCH_CONCURRENCY
        self.byte_budget: int = settings.WORKER_BYTES_IN_FLIGHT
        self.running: dict[UUID, Running] = {}
        self.bytes_running = 0
        self.batch_running = 0
        self.requested = 0
        self.stopping = False
        metrics.limits_note(interactive=self.capacity, batch=self.batch_capacity, in_flight=self.byte_budget)
        self.ended = False
        self._hurry = asyncio.Event()
        metrics.failures_declare(model.id for model in models_taken())
        self.store = JobStore(others_wait=lambda: self._request(1))
        self.delivering: dict[Path, asyncio.Task[None]] = {}
        self._room, self._ring, self._beat_soon = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._unsure = False
        self._giving_back: set[asyncio.Task[None]] = set()
        self.spool = SpoolHealth(Path(settings.SPOOL_DIR) / "jobs")

    async def start(self) -> None:
        self.clients = Clients()
        await self.store.open()
        self.valkey = valkey.async_client()
        # Its first heartbeat with room for jobs comes once it can hear of them.
        channels = (valkey.CANCEL, valkey.WORK + self.worker.hex)
        beat = self._beat_soon.set
        self.subscription = Subscription(settings.VALKEY_URL, channels, on_message=self._heard, on_open=beat)
        # What a predecessor bought is taken over when its leases are freed, or it would be bought again.
        recovered = await asyncio.to_thread(pending_results_find)
        freed = await self._register([pending.generation_id for pending in recovered])
        logger.info("Worker %s is ready; %s jobs of its predecessor are free again.", self.name, freed)
        for pending in recovered:
            self._deliver(pending)
        self._room.set()
        self._request(CLAIM_AT_ONCE)
        for loop in (self._claiming(), self._heartbeats(), self.subscription.run(), self._recovering()):
            self._loops.append(asyncio.create_task(loop))

    async def ring(self, jobs: int = 1) -> None:
        """A doorbell: waits until this process has room, and has it claim so many jobs more.

        One that is about to end keeps it, so that the next doorbells go to others.
        """
        while (self.stopping or not self._room.is_set()) and not self.ended:
            await self._room.wait()
        if not self.stopping:
            self._request(jobs)

    async def stop(self, patience: float) -> None:
        """Claims no more, waits for what runs, up to `patience` seconds, then gives the rest back to the queue."""
        self.stopping = True
        self.subscription.stop()
        self._room.clear()
        for loop in self._loops:
            # The heartbeat goes on: running jobs are still ours.
            if loop is not self._loops[1]:
                loop.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SAID):
                await self._beat()
        tasks = [running.task for running in self.running.values() if running.task]
        if tasks:
            logger.info("Waiting up to %.0f s for %s running jobs.", patience, len(tasks))
            hurry = asyncio.create_task(self._hurry.wait())
            waited: set[asyncio.Future[Any]] = {hurry, asyncio.gather(*tasks, return_exceptions=True)}
            await asyncio.wait(waited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
        interrupted = list(self.running.values())
        left = [running.task for running in interrupted if running.task]
        keep = [generation for generation, running in self.running.items() if running.delivering]
        keep += self._recovered()
        for task in [*left, *self.delivering.values()]:
            task.cancel()
        await asyncio.gather(*left, *self.delivering.values(), return_exceptions=True)
        for loop in self._loops:
            loop.cancel()
        with outages_ignored():
            calls = [running.calls for running in interrupted if running.calls and running.job.id not in keep]
            await self.store.leave(worker=self.worker, keep=keep, calls=calls)
        await self.clients.aclose()
        await self.store.close()
        if self.valkey is not None:
            await self.valkey.aclose()
        self.ended = True
        self._room.set()

    def hurry(self) -> None:
        """Has `stop` wait no longer."""
        self._hurry.set()

    def _request(self, count: int) -> None:
        """Has the claiming loop claim so many jobs more."""
        self.requested = min(self.requested + count, self.capacity)
        self._ring.set()

    async def _claiming(self) -> None:
        """The only claimer of the process, so that it never competes with itself for a tenant's lock."""
        now = asyncio.get_running_loop().time
        next_look = now() + SELF_RING
        # Not only a cancellation ends it: psycopg's pool may swallow one (see Hub.close).
        while not self.stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(next_look - now(), 0)):
                    await self._ring.wait()
            self._ring.clear()
            if looking := now() >= next_look:
                # A doorbell may be lost, a broker may be away: look by oneself now and then.
                self.requested = max(self.requested, CLAIM_AT_ONCE)
                next_look = now() + SELF_RING
            unheard = UNHEARD if looking else None  # once in a look
            while self.requested and not self.stopping and (free := self.capacity - len(self.running)) > 0:
                if is_waited_for(STORAGE) or not await self.spool.takes():
                    # Doorbells are left to other machines, and so is what would be handed to this one.
                    if self._room.is_set():
                        self._room.clear()
                        await self._beat()
                    self.requested = 0
                    next_look = now() + FAULT_LOOK
                    break
                limit = min(self.requested, free, CLAIM_AT_ONCE)
                self.requested -= limit
                try:
                    older = 0.0 if self._unsure else unheard
                    if older is not None:
                        known = [*self.running, *self._recovered()]
                        await self.store.disown(worker=self.worker, known=known, older=older)
                        self._unsure, unheard = False, None
                    claiming = time.time()
                    with metrics.CLAIM_SECONDS.time():
                        jobs = await self.store.claim(
                            worker=self.worker,
                            limit=limit,
                            room=max(self.byte_budget - self.bytes_running, 0),
                            idle=not self.running,
                            batch=max(self.batch_capacity - self.batch_running, 0),
                        )
                except Exception as error:
                    # The claim may have gone through, and only its result got lost.
                    self._unsure = True
                    metrics.CLAIM_FAILURES.inc()
                    if is_away(error):
                        logger.warning("No claim: PostgreSQL is away (%s).", type(error).__name__)
                    else:
                        logger.exception("A claim failed.")
                    await asyncio.sleep(0.5)
                    break
                for job in jobs:
                    self._begin(job, claiming)
                if len(jobs) < limit:
                    # Nothing more is runnable now; what becomes so rings. Or another process took what this claim
                    # had picked, and the doorbells heard here were for others: look once more, soon.
                    self.requested = 0
                    if jobs or not looking:
                        next_look = min(next_look, now() + LOOK_AGAIN)
                elif limit == CLAIM_AT_ONCE:
                    self.requested = max(self.requested, CLAIM_AT_ONCE)
            if self.stopping or len(self.running) >= self.capacity:
                self._room.clear()
            elif not self._fault:
                self._room.set()

    def _begin(self, job: Job, claiming: float | None = None, *, handed: bool = False) -> None:
        if claiming is not None and job.traceparent:
            span_done("claim", claiming, time.time(), parent=job.traceparent)
        running = Running(job, handed=handed)
        self.running[job.id] = running
        self.bytes_running += job.estimated_bytes
        self.batch_running += job.is_batch
        metrics.CLAIMED.labels(metrics.tier_of(job.is_batch)).inc()
        self._gauge()
        running.task = asyncio.create_task(self._one(running))

    async def _one(self, running: Running) -> None:
        job = running.job
        with span("job", job.of_span(), parent=job.traceparent) as traced:
            request_enter(Request(job.request_id, traced.trace_id if traced else ""))
            await self._ended(running)

    async def _ended(self, running: Running) -> None:
        job = running.job
        outcome = ""
        try:
            if running.handed and not await retrying(lambda: self.store.confirm(job, worker=self.worker)):
                return
            if not running.handed:
                await self._publish(valkey.EVENT, job.id)
            with metrics.JOB_SECONDS.labels(job.model).time():
                outcome = await run(running, clients=self.clients, store=self.store, tell=self._tell_ended)
            if outcome in {"requeued", "lost"}:
                metrics.ENDED.labels(job.model, outcome, "").inc()
            logger.info("Generation %s %s.", job.name, outcome)
        except asyncio.CancelledError:
            logger.info("Generation %s was interrupted by the shutdown.", job.name)
            raise
        except Exception:
            logger.exception("Generation %s could not be ended; it fails.", job.name)
            await fail(running, store=self.store, tell=self._tell_ended)
        finally:
            if running.fault:
                self.spool.note(running.fault)
            was_full = self._is_full
            if self.running.get(job.id) is running:
                del self.running[job.id]
            self.bytes_running -= job.estimated_bytes
            self.batch_running -= job.is_batch
            self._gauge()
            if not self.stopping and not self._fault:
                self._room.set()
                if was_full or outcome != "ended":  # else the store says whether others of its tenant wait
                    self._request(1)
                elif self.requested:
                    self._ring.set()

    @property
    def _is_full(self) -> bool:
        """Whether jobs may wait for the end of one that runs here: they ring once. Of bytes half is much."""
        return (
            len(self.running) >= self.capacity
            or self.batch_running >= self.batch_capacity
            or self.bytes_running > self.byte_budget / 2
        )

    def _gauge(self) -> None:
        metrics.JOBS.labels("interactive").set(len(self.running) - self.batch_running)
        metrics.JOBS.labels("batch").set(self.batch_running)
        metrics.BYTES.set(self.bytes_running)

    async def _tell_ended(self, generation: UUID) -> None:
        await self._publish(valkey.ENDED, generation)

    async def _publish(self, channel: str, generation: UUID) -> None:
        if self.valkey is None:
            return
        with contextlib.suppress(redis.RedisError, OSError):
            await self.valkey.publish(channel, generation.hex)

    async def _heartbeats(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._beat_soon.wait(), settings.LEASE_SECONDS / 4)
            self._beat_soon.clear()
            await self._beat()

    async def _beat(self) -> None:
        try:
            stop = await self.store.heartbeat(worker=self.worker, seconds=settings.LEASE_SECONDS, state=self._state())
            if stop is None:
                # Lost while PostgreSQL was away or this process was frozen. Jobs that nobody took yet are still
                # ended by their tokens; new ones need a lease again.
                metrics.LEASES_LOST.inc()
                logger.warning("The lease was lost; registering again.")
                await self._register([])
                return
            for generation in stop:
                self._cancel(generation)
        except Exception as error:
            metrics.HEARTBEAT_FAILURES.inc()
            say = logger.warning if is_away(error) else logger.exception
            say("No heartbeat: PostgreSQL answered %s.", type(error).__name__)

    @property
    def _fault(self) -> str:
        """What keeps this process from claiming, in words; empty while nothing does."""
        return self.spool.fault or ("the object store takes no answers" if is_waited_for(STORAGE) else "")

    def _state(self) -> WorkerState:
        keys = self.clients.keys.report()
        metrics.keys_note(keys)
        return {
            "slots": self.capacity,
            "room": self._room_left,
            "keys": keys,
            "fault": self._fault,
            "stopping": self.stopping,
        }

    def _heard(self, channel: str, data: str) -> None:
        if channel == valkey.CANCEL:
            self._cancel(UUID(hex=data))
        else:
            self._take(Job.from_message(data))

    def _take(self, job: Job) -> None:
        """Begins a job that was handed to this process, or gives it back."""
        if job.id in self.running:
            return
        if not self._room_left:
            task = asyncio.create_task(self._give_back(job))
            self._giving_back.add(task)
            task.add_done_callback(self._giving_back.discard)
        else:
            self._begin(job, time.time(), handed=True)

    async def _give_back(self, job: Job) -> None:
        with outages_ignored():
            await self.store.give_back(job, reason="no_room")
        self._request(1)

    @property
    def _room_left(self) -> int:
        """How many jobs may be handed to this process: none where it could not hear of them."""
        if not self.subscription.open or self.stopping or self._fault or self.bytes_running > self.byte_budget / 2:
            return 0
        return max(self.capacity - len(self.running), 0)

    def _cancel(self, generation: UUID) -> None:
        running = self.running.get(generation)
        # An answer that is complete is delivered: it was bought.
        if running is not None and not running.delivering and running.stop is None:
            running.stop = "cancel"
            if running.interruptible and running.task is not None:
                running.task.cancel()

    def _recovered(self) -> list[UUID]:
        """Returns those whose results were left in the spool and are being settled."""
        return [UUID(hex=folder.name.partition("-")[0]) for folder in self.delivering]

    async def _register(self, keep: list[UUID]) -> int:
        return await self.store.register(name=self.name, worker=self.worker, seconds=settings.LEASE_SECONDS, keep=keep)

    async def _recovering(self) -> None:
        """Settles what dead processes of this machine left in the spool, also those that no successor replaced."""
        while True:
            await asyncio.sleep(RECOVER_EVERY)
            for pending in await asyncio.to_thread(pending_results_find, RECOVER_EVERY):
                if pending.generation_id not in self.running:
                    self._deliver(pending)

    def _deliver(self, pending: PendingResult) -> None:
        """Settles a recovered result beside the running jobs: a storage that is away must not hold up the start."""
        if pending.folder not in self.delivering:
            self.delivering[pending.folder] = asyncio.create_task(self._deliver_recovered(pending))

    async def _deliver_recovered(self, pending: PendingResult) -> None:
        request_enter(Request(pending.request_id))
        try:
            with span("recovery", parent=pending.traceparent):
                outcome = await deliver(pending, self.store, self._tell_ended)
            logger.info("The spooled result of generation %s: %s.", pending.name, outcome)
        except Exception:
            logger.exception("The spooled result of generation %s could not be settled.", pending.name)
        finally:
            del self.delivering[pending.folder]
