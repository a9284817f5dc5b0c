"""Gets an answer from the upstream: in several tries, resumed by its id, the conversation rebuilt where it is gone."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from cavendish.db.away import outages_ignored
from cavendish.gemini.client import (
    BrokenAnswer,
    GeminiClient,
    GeminiError,
    Interaction,
    NotFound,
    Rejected,
)
from generations.contracts import Notice
from generations.work import metrics
from generations.work.answer import Answer, answer_read, misses_size, outage
from generations.work.call_log import CallLog
from generations.work.clients import Clients
from generations.work.history import history_read
from generations.work.job import Job
from generations.work.job_store import JobStore, retrying
from generations.work.pictures import NotAPicture
from generations.work.upstream_body import body_build

logger = logging.getLogger(__name__)

# An upstream that asks for more patience than this gets its job back later; the slot is free meanwhile.
LONGEST_PAUSE = 8.0
NOTE = 2.0


class UpstreamCall:
    """The calls that one job makes upstream. `tries` counts those that failed, over all claims of the job."""

    def __init__(self, job: Job, *, clients: Clients, store: JobStore, max_tries: int) -> None:
        self.job = job
        self.clients = clients
        self.store = store
        self.client: GeminiClient = clients.of(job)
        self.max_tries = max_tries
        self.tries = job.failures
        self.upstream_id = job.upstream_id if job.upstream_host == clients.host(job) else ""
        self.upstream_key = clients.key(job, job.upstream_key) or ""
        self.usages: list[dict[str, object]] = []
        self.notices: list[Notice] = []
        self.log = CallLog(job, host=clients.host(job))
        self.deadline = asyncio.get_running_loop().time() + job.seconds_left

    async def answer(self) -> tuple[Interaction, Answer]:
        """Returns the interaction and its parts. Raises GeminiError when no try brought one.

        Where a picture is broken or of another size than was named, or the upstream itself failed, it is called again:
        that heals more often than not. The usage is kept in `usages`, for the upstream may bill it.
        """
        while True:
            interaction = await self._interaction()
            self.log.answered(interaction)
            try:
                answer = await asyncio.to_thread(answer_read, interaction, self.job)
                self.log.judged(answer)
                wrong = outage(interaction, answer) or misses_size(self.job, answer)
            except NotAPicture as error:
                wrong = f"the answer holds {error}"
            if wrong is None:
                return interaction, answer
            self.log.unusable(wrong)
            self.upstream_id = ""
            if interaction.usage:
                self.usages.append(interaction.usage)
            if self._tries_left == 1:
                raise BrokenAnswer(wrong)
            self.tries += 1
            metrics.UPSTREAM_RETRIES.labels(self.job.model).inc()

    @property
    def _tries_left(self) -> int:
        return max(self.max_tries - self.tries, 1)

    async def _interaction(self) -> Interaction:
        if self.upstream_id:
            try:
                return await self._wait()
            except NotFound:
                self.upstream_id = ""
        background = self.clients.in_background(self.job)
        interaction = await self._create(background)
        if interaction.status in {"in_progress", "queued"}:
            self.log.answered(interaction)
            self.upstream_id = interaction.id
            return await self._wait()
        return interaction

    async def _create(self, background: bool) -> Interaction:
        previous = self.job.spec["previous"]
        here = previous is not None and previous["upstream_host"] == self.clients.host(self.job)
        history = None
        if previous is not None and not (here and previous["upstream_id"]):
            history = await self._history()
        known = previous["upstream_key"] if previous and history is None else self.upstream_key
        while True:
            key = self.clients.key(self.job, known)
            body = await body_build(self.job, self.client, key=key, history=history, background=background)
            try:
                return await self.client.create_interaction(
                    body,
                    spool=self.job.spool,
                    deadline=self.deadline,
                    key=key,
                    on_id=self._note_id,
                    on_retry=self._note_retry,
                    on_try=self.log.created,
                    max_tries=self._tries_left,
                    max_delay=LONGEST_PAUSE,
                )
            except (NotFound, Rejected) as error:
                # The upstream forgot the conversation (it keeps one for days, and only on the key it began with).
                if history is not None or previous is None or error.status not in {400, 403, 404}:
                    raise
                history = await self._history()

    async def _history(self) -> list[dict[str, Any]]:
        history = await retrying(lambda: history_read(self.store, self.job))
        if history.is_cut:
            detail = (
                f"The upstream had not kept the conversation, and its latest {history.turns} turns were sent again."
            )
            self.notices = [{"code": "history_cut", "detail": detail}]
        return history.steps

    async def _wait(self) -> Interaction:
        """Returns a job that the upstream runs in the background, once it has ended; to wait again buys nothing."""
        return await self.client.get_interaction(
            self.upstream_id,
            key=self.upstream_key or None,
            spool=self.job.spool,
            deadline=self.deadline,
            wait=True,
            on_retry=self._note_retry,
            on_try=self.log.followed,
            max_tries=self._tries_left,
            max_delay=LONGEST_PAUSE,
        )

    async def _note_id(self, upstream_id: str, key: str) -> None:
        self.upstream_id, self.upstream_key = upstream_id, key
        self.log.named(upstream_id)
        if self.clients.in_background(self.job):
            # A note for a successor: a PostgreSQL that is away must not end a job that runs.
            with outages_ignored():
                host = self.clients.host(self.job)
                await retrying(
                    lambda: self.store.upstream(self.job, upstream_id=upstream_id, key=key, host=host), seconds=NOTE
                )

    async def _note_retry(self, error: GeminiError, delay: float) -> None:
        self.tries += 1
        metrics.UPSTREAM_RETRIES.labels(self.job.model).inc()
        # Not the upstream's words: they may quote the prompt.
        why = f"{type(error).__name__} {error.status or ''}".strip()
        logger.info("Generation %s: try %s failed (%s); next in %.1f s.", self.job.name, self.tries, why, delay)
