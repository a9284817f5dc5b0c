"""The sender: an event loop in a thread of the scheduler. Any number may run, and any may die between two lines.

All requests wait on one loop, hundreds at once, so a receiver that hangs costs a socket and no thread. What is at once
of one endpoint and one tenant is bounded by the claim (webhook_claim).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from django.db import DatabaseError, connections

from accounts.webhooks import metrics
from accounts.webhooks.deliveries import (
    MAX_RESPONSE_BYTES,
    Claim,
    Outcome,
    Prepared,
    deliveries_claim,
    deliveries_due,
    delivery_prepare,
    delivery_record,
)
from cavendish.egress import EgressError, Guard
from cavendish.egress.posting import post
from cavendish.telemetry.tracing import TRACEPARENT, span, traceparent

logger = logging.getLogger(__name__)

AT_ONCE = 1024
CLAIMED_AT_ONCE = 64
TIMEOUT = 15.0
TICK, OUTAGE_PAUSE, BACKLOG_EVERY = 0.5, 5.0, 5.0
DATABASE_THREADS = 6
GRACE_SECONDS = 17.0

T = TypeVar("T")


class Sender:
    """Sends what is due until `stop`. `guard` and `tls` are for tests; without them the installation's own hold."""

    def __init__(self, *, guard: Guard | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._guard, self._tls = guard, tls
        self._stop = threading.Event()
        self._counted_at = float("-inf")
        self._database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="webhooks-db")
        # Claims keep their connection: they come twice a second, and their role has no pool.
        self._claims = ThreadPoolExecutor(1, thread_name_prefix="webhooks-claim")
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Claims nothing more, and waits for what is under way, GRACE_SECONDS at most."""
        self._stop.set()
        self._thread.join(timeout=GRACE_SECONDS + 1)
        self._claims.submit(connections.close_all)
        self._claims.shutdown()
        self._database.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        running: set[asyncio.Task[None]] = set()
        while not self._stop.is_set():
            room = min(AT_ONCE - len(running), CLAIMED_AT_ONCE)
            claims = await self._claim(room) if room > 0 else []
            for claim in claims or ():
                task = asyncio.create_task(self._deliver(claim))
                running.add(task)
                task.add_done_callback(running.discard)
            if claims is None:
                await asyncio.sleep(OUTAGE_PAUSE)
            elif len(claims) < CLAIMED_AT_ONCE:
                await asyncio.sleep(TICK)
        if running:
            await asyncio.wait(running, timeout=GRACE_SECONDS)

    async def _claim(self, room: int) -> list[Claim] | None:
        """Returns what was claimed, None where PostgreSQL is away."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._claims, self._claim_guarded, room)
        except DatabaseError as error:
            logger.warning("Webhooks wait: PostgreSQL answered %s.", type(error).__name__)
        except Exception:
            logger.exception("Webhooks could not be claimed; they are tried again.")
        return None

    def _claim_guarded(self, room: int) -> list[Claim]:
        try:
            if time.monotonic() >= self._counted_at + BACKLOG_EVERY:
                due, oldest = deliveries_due()
                metrics.BACKLOG.set(due)
                metrics.BACKLOG_SECONDS.set(oldest)
                self._counted_at = time.monotonic()
            return deliveries_claim(room)
        except DatabaseError:
            connections.close_all()
            raise

    async def _deliver(self, claim: Claim) -> None:
        try:
            prepared = await self._in_database(lambda: delivery_prepare(claim))
            if prepared is None:
                return
            with span("webhook", {"cavendish.attempt": claim.attempts}, parent=prepared.traceparent) as traced:
                if traced:
                    prepared = replace(prepared, headers=prepared.headers | {TRACEPARENT: traceparent()})
                outcome = await self._send(prepared)
                if traced:
                    said = {"http.response.status_code": outcome.status or 0}
                    traced.note(said, failed=bool(outcome.error))
            metrics.ATTEMPT_SECONDS.observe(outcome.seconds)
            if recorded := await self._in_database(lambda: delivery_record(claim, prepared, outcome)):
                metrics.DELIVERIES.labels(recorded).inc()
        except DatabaseError as error:
            # The lease ends, and it is sent again: twice rather than never.
            logger.warning("Webhook delivery %s waits: PostgreSQL answered %s.", claim.id, type(error).__name__)
        except Exception:
            logger.exception("Webhook delivery %s failed; it is sent again when its lease ends.", claim.id)

    async def _send(self, prepared: Prepared) -> Outcome:
        began = time.monotonic()
        try:
            posted = await post(
                prepared.url,
                body=prepared.body,
                headers=prepared.headers,
                timeout=TIMEOUT,
                max_bytes=MAX_RESPONSE_BYTES,
                guard=self._guard,
                tls=self._tls,
            )
        except EgressError as error:
            return Outcome(time.monotonic() - began, error.reason)
        return Outcome.of(posted)

    async def _in_database(self, work: Callable[[], T]) -> T:
        result: T = await asyncio.get_running_loop().run_in_executor(self._database, _guarded, work)
        return result


def _guarded(work: Callable[[], Any]) -> Any:
    """Runs it, and gives the thread's connections back to the pool: those that failed must not be used again."""
    try:
        return work()
    finally:
        connections.close_all()
