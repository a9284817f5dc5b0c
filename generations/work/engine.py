"""The engine of a worker process: holds hundreds of jobs on one event loop.

A doorbell (a Dramatiq message) only asks for a claim; it is acknowledged as soon as there is room for one, so a full
process leaves doorbells to others. Which job is run is decided in SQL. See docs/decisions/0003-engine.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
from pathlib import Path
from uuid import UUID, uuid4

import redis
from django.conf import settings

from cavendish.messaging import valkey
from generations.work.clients import Clients
from generations.work.job import Job
from generations.work.job_store import AWAY, JobStore
from generations.work.pending_result import PendingResult, deliver, pending_results_find
from generations.work.run import Running, fail, run

logger = logging.getLogger(__name__)

CLAIM_AT_ONCE = 32
LOOK_AGAIN = 0.1
RECOVER_EVERY = 30.0
SELF_RING = 2.0


class Engine:
    """One per process. `start` on the loop that it will live on; `stop` gives back what did not end in time."""

    def __init__(self) -> None:
        self.name = worker_name()
        self.worker: UUID = uuid4()
        self.capacity: int = settings.WORKER_CONCURRENCY
        self.batch_capacity: int = settings.WORKER_BATCH_CONCURRENCY
        self.byte_budget: int = settings.WORKER_BYTES_IN_FLIGHT
        self.running: dict[UUID, Running] = {}
        self.bytes_running = 0
        self.batch_running = 0
        self.wanted = 0
        self.stopping = False
        self.store = JobStore()
        self.delivering: dict[Path, asyncio.Task[None]] = {}
        self._room = asyncio.Event()
        self._ring = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._unsure = False

    async def start(self) -> None:
        self.clients = Clients()
        await self.store.open()
        self.valkey = valkey.async_client()
        # What a predecessor bought is taken over when its leases are freed, or it would be bought again.
        parcels = await asyncio.to_thread(pending_results_find)
        freed = await self._register([pending.generation_id for pending in parcels])
        logger.info("Worker %s is ready; %s jobs of its predecessor are free again.", self.name, freed)
        for pending in parcels:
            self._deliver(pending)
        self._room.set()
        self._want(CLAIM_AT_ONCE)
        for loop in (self._claiming(), self._heartbeats(), self._cancellations(), self._recovering()):
            self._loops.append(asyncio.create_task(loop))

    async def ring(self) -> None:
        """A doorbell: returns when this process has room, having asked for one claim."""
        while not self._room.is_set() and not self.stopping:
            await self._room.wait()
        if not self.stopping:
            self._want(1)

    async def stop(self, patience: float) -> None:
        """Takes no more; waits for what runs; then gives the rest back to the queue."""
        self.stopping = True
        self._room.set()
        for loop in self._loops:
            # The heartbeat goes on: running jobs are still ours.
            if loop is not self._loops[1]:
                loop.cancel()
        tasks = [running.task for running in self.running.values() if running.task]
        if tasks:
            logger.info("Waiting up to %.0f s for %s running jobs.", patience, len(tasks))
            await asyncio.wait(tasks, timeout=patience)
        left = [running.task for running in self.running.values() if running.task]
        keep = [generation for generation, running in self.running.items() if running.delivering]
        keep += self._found()
        for task in [*left, *self.delivering.values()]:
            task.cancel()
        await asyncio.gather(*left, *self.delivering.values(), return_exceptions=True)
        for loop in self._loops:
            loop.cancel()
        with contextlib.suppress(*AWAY):
            await self.store.leave(worker=self.worker, keep=keep)
        await self.clients.aclose()
        await self.store.close()
        if self.valkey is not None:
            await self.valkey.aclose()

    def _want(self, count: int) -> None:
        self.wanted = min(self.wanted + count, self.capacity)
        self._ring.set()

    async def _claiming(self) -> None:
        """The only claimer of the process, so that it never competes with itself for a tenant's lock."""
        now = asyncio.get_running_loop().time
        look_at = now() + SELF_RING
        # Not only a cancellation ends it: psycopg's pool may swallow one (see Hub.close).
        while not self.stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(look_at - now(), 0)):
                    await self._ring.wait()
            self._ring.clear()
            if looking := now() >= look_at:
                # A doorbell may be lost, a broker may be away: look by oneself now and then.
                self.wanted = max(self.wanted, CLAIM_AT_ONCE)
                look_at = now() + SELF_RING
            while self.wanted and not self.stopping and (free := self.capacity - len(self.running)) > 0:
                asked = min(self.wanted, free, CLAIM_AT_ONCE)
                self.wanted -= asked
                try:
                    if self._unsure:
                        await self.store.disown(worker=self.worker, known=[*self.running, *self._found()])
                        self._unsure = False
                    jobs = await self.store.claim(
                        worker=self.worker,
                        limit=asked,
                        room=max(self.byte_budget - self.bytes_running, 0),
                        idle=not self.running,
                        batch=max(self.batch_capacity - self.batch_running, 0),
                    )
                except AWAY as error:
                    # The claim may have gone through, only its answer not.
                    self._unsure = True
                    logger.warning("No claim: PostgreSQL is away (%s).", type(error).__name__)
                    await asyncio.sleep(0.5)
                    break
                except Exception:
                    self._unsure = True
                    logger.exception("A claim failed.")
                    await asyncio.sleep(0.5)
                    break
                for job in jobs:
                    self._begin(job)
                if len(jobs) < asked:
                    # Nothing more is runnable now; what becomes so rings. Or another process was quicker to take what
                    # this claim had picked, and the doorbells heard here were for others: look once more, soon.
                    self.wanted = 0
                    if jobs or not looking:
                        look_at = min(look_at, now() + LOOK_AGAIN)
                elif asked == CLAIM_AT_ONCE:
                    self.wanted = max(self.wanted, CLAIM_AT_ONCE)
            if len(self.running) >= self.capacity:
                self._room.clear()

    def _begin(self, job: Job) -> None:
        running = Running(job)
        self.running[job.id] = running
        self.bytes_running += job.estimated_bytes
        self.batch_running += job.is_batch
        running.task = asyncio.create_task(self._one(running))

    async def _one(self, running: Running) -> None:
        job = running.job
        try:
            await self._tell(valkey.EVENT, job.id)
            outcome = await run(running, clients=self.clients, store=self.store)
            logger.info("Generation %s %s.", job.name, outcome)
            if outcome in {"ended", "already"}:
                await self._tell(valkey.ENDED, job.id)
        except asyncio.CancelledError:
            logger.info("Generation %s was interrupted by the shutdown.", job.name)
            raise
        except Exception:
            logger.exception("Generation %s could not be ended; it fails.", job.name)
            if await fail(job, self.store) == "ended":
                await self._tell(valkey.ENDED, job.id)
        finally:
            if self.running.get(job.id) is running:
                del self.running[job.id]
            self.bytes_running -= job.estimated_bytes
            self.batch_running -= job.is_batch
            if not self.stopping:
                self._room.set()
                self._want(1)

    async def _tell(self, channel: str, generation: UUID) -> None:
        if self.valkey is None:
            return
        with contextlib.suppress(redis.RedisError, OSError):
            await self.valkey.publish(channel, generation.hex)

    async def _heartbeats(self) -> None:
        while True:
            await asyncio.sleep(settings.LEASE_SECONDS / 4)
            try:
                stop = await self.store.heartbeat(worker=self.worker, seconds=settings.LEASE_SECONDS)
                if stop is None:
                    # Lost while PostgreSQL was away or this process was frozen. Jobs that nobody took yet are still
                    # ended by their tokens; new ones need a lease again.
                    logger.warning("The lease was lost; registering again.")
                    await self._register([])
                    continue
                for generation in stop:
                    self._cancel(generation)
            except AWAY as error:
                logger.warning("No heartbeat: PostgreSQL is away (%s).", type(error).__name__)
            except Exception:
                logger.exception("A heartbeat failed.")

    async def _cancellations(self) -> None:
        """Hears of cancellations at once; heartbeats carry those that were missed."""
        while self.valkey is not None:
            try:
                async with self.valkey.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(valkey.CANCEL)
                    while True:
                        told = await subscription.get_message(timeout=None)
                        if told is not None:
                            self._cancel(UUID(hex=told["data"].decode()))
            except (redis.RedisError, OSError, ValueError):
                await asyncio.sleep(1)

    def _cancel(self, generation: UUID) -> None:
        running = self.running.get(generation)
        # An answer that is whole is delivered: it was bought.
        if running is not None and not running.delivering and running.stop is None:
            running.stop = "cancel"
            if running.interruptible and running.task is not None:
                running.task.cancel()

    def _found(self) -> list[UUID]:
        """Generations whose answers were found in the spool and are being settled."""
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
        """Settles a found answer beside the running jobs: storage that is away must not keep a worker from starting."""
        if pending.folder not in self.delivering:
            self.delivering[pending.folder] = asyncio.create_task(self._deliver_found(pending))

    async def _deliver_found(self, pending: PendingResult) -> None:
        try:
            outcome = await deliver(pending, self.store)
            logger.info("The spooled answer of generation %s: %s.", pending.name, outcome)
            if outcome == "ended":
                await self._tell(valkey.ENDED, pending.generation_id)
        except Exception:
            logger.exception("The spooled answer of generation %s could not be settled.", pending.name)
        finally:
            del self.delivering[pending.folder]


def worker_name() -> str:
    """Names this worker's place, so that a successor is known as one: the slot, the machine and its data directory."""
    slot = settings.CONFIG.get("CAVENDISH_WORKER_NAME") or f"pid-{os.getpid()}"
    place = hashlib.sha256(str(settings.DATA_DIR).encode()).hexdigest()[:8]
    return f"{socket.gethostname()[:50]}:{place}:{slot}"
