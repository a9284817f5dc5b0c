"""One job from claim to end. Every way out settles the job, gives it back, or leaves it to whoever has it now."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from billing.prices.pricing import extra_cost
from cavendish.gemini.client import GeminiError, NotFound, RateLimited, Rejected, TimedOut, Unavailable
from cavendish.storage import ObjectMissing, StorageAway
from cavendish.storage.spool import is_machine_fault
from cavendish.telemetry.tracing import span
from generations.contracts import GenerationResult, UpstreamCalls
from generations.errors import EndReason, ErrorCode
from generations.work.answer import Answer, answer_read, spool_paths
from generations.work.clients import Clients
from generations.work.ends import reason_of
from generations.work.history import HistoryGone
from generations.work.job import Job
from generations.work.job_store import JobStore, retrying
from generations.work.pending_result import Tell, deliver, keep, pending_result_of
from generations.work.result import PLATFORM_FAILED, cancellation, failure, platform_failure, success, token_limit
from generations.work.surplus import surplus_withhold
from generations.work.upstream_call import LONGEST_PAUSE, UpstreamCall

logger = logging.getLogger(__name__)

COMPLETE = frozenset({"completed", "incomplete", ""})
CANCEL_PATIENCE = 5.0
STORAGE_PAUSE = 5.0
FAULT_PAUSE = 1.0


@dataclass
class Running:
    """A job that this process runs. `stop` says why its task was canceled, if it was by us.

    The task may be canceled only while it is `interruptible`: anywhere else its end would be lost with it. `calls` are
    those that it made upstream, `fault` what of this machine kept it from ending.
    """

    job: Job
    handed: bool = False
    task: asyncio.Task[None] | None = None
    stop: str | None = None
    interruptible: bool = False
    delivering: bool = False
    calls: UpstreamCalls | None = None
    fault: str = ""


class Canceled(Exception):
    """The tenant asked to stop, now or beforehand (Cancel-After)."""


async def run(running: Running, *, clients: Clients, store: JobStore, tell: Tell) -> str:
    """Runs a claimed job to its end and tells of it. Returns 'ended', 'requeued', 'already' or 'lost'."""
    job = running.job
    call = UpstreamCall(job, clients=clients, store=store, max_tries=settings.GENERATION_MAX_TRIES)
    running.calls = calls = call.log.calls()
    sandbox = clients.is_sandbox(job)
    files: dict[str, Path] = {}
    try:
        if running.stop:
            raise Canceled
        try:
            running.interruptible = True
            async with asyncio.timeout(max(job.seconds_to_run, 0.001)):
                interaction, answer = await call.answer()
        except TimeoutError:
            if job.ends_canceled:
                raise Canceled from None
            raise
        except asyncio.CancelledError:
            if running.stop is not None:
                _task().uncancel()
                raise Canceled from None
            _clean(job)
            raise
        finally:
            running.interruptible = False
        surplus_withhold(job, answer)
        files = spool_paths(answer)
        result = _judge(job, interaction.status, answer, sandbox=sandbox)
    except Canceled:
        partial = await _cancel_upstream(call)
        if partial:
            surplus_withhold(job, partial)
        files = spool_paths(partial) if partial else {}
        result = cancellation(job, partial, sandbox=sandbox)
    except TimeoutError:
        await _cancel_upstream(call)
        result = failure(job, ErrorCode.DEADLINE_EXCEEDED, "The generation did not end before its deadline.")
    except GeminiError as error:
        if _comes_back(error, call):
            pause = error.retry_after if error.retry_after is not None else LONGEST_PAUSE
            failed = call.tries - job.failures + 1
            await retrying(
                lambda: store.requeue(job, seconds=pause, reason="upstream_busy", failed=failed, calls=calls)
            )
            _clean(job)
            return "requeued"
        if isinstance(error, TimedOut):
            # Nobody will fetch it, so nobody should pay for it.
            await _cancel_upstream(call)
        result = _failure_of(job, error)
    except StorageAway:
        logger.warning("Generation %s waits: the storage of its inputs is away.", job.name)
        await retrying(lambda: store.requeue(job, seconds=STORAGE_PAUSE, reason="storage_away", failed=0, calls=calls))
        _clean(job)
        return "requeued"
    except (HistoryGone, ObjectMissing) as error:
        logger.warning("Generation %s lacks what it refers to: %s", job.name, type(error).__name__)
        result = failure(job, ErrorCode.INTERNAL, "A picture or an earlier turn that this generation needs was erased.")
    except Exception as error:
        if is_machine_fault(error):
            # Not the job's fault: another machine takes it, and this one claims no more until it is well.
            running.fault = os.strerror(getattr(error, "errno", 0))
            logger.warning("Generation %s is given back: this machine takes no answer (%s).", job.name, running.fault)
            await retrying(
                lambda: store.requeue(job, seconds=FAULT_PAUSE, reason="machine_fault", failed=0, calls=calls)
            )
            _clean(job)
            return "requeued"
        # Never the exception's text: it may quote the request.
        logger.exception("Generation %s failed inside the platform: %s", job.name, type(error).__name__)
        result = failure(job, ErrorCode.INTERNAL, PLATFORM_FAILED)

    running.delivering = True
    result["failures"] = call.tries
    result["upstream_id"], result["upstream_key"] = call.upstream_id, call.upstream_key
    result["upstream_host"] = clients.host(job)
    result["calls"] = calls
    result["notices"] = [*result["notices"], *call.notices]
    result["charge"] = extra_cost(result["charge"], call.usages, prices=job.prices)
    pending = pending_result_of(job, result, files)
    with span("storage"):
        refused, stored = await asyncio.to_thread(keep, pending)
    if refused is not None:
        # A full disk: the answer cannot be kept for a successor, but it can still be delivered from here.
        running.fault = os.strerror(refused.errno or 0)
        logger.warning("Generation %s: the spool does not take the result (%s).", job.name, type(refused).__name__)
    return await deliver(pending, store, tell, stored=stored)


async def fail(running: Running, *, store: JobStore, tell: Tell) -> None:
    """The last resort for a job that nothing else ended. It must not stay: its lease is renewed as long as we live."""
    job, result = running.job, platform_failure(running.job.failures)
    if running.calls is not None:
        result["calls"] = running.calls
    await deliver(pending_result_of(job, result, {}), store, tell)
    _clean(job)


def _judge(job: Job, status: str, answer: Answer, *, sandbox: bool) -> GenerationResult:
    """Returns the end of a job for an answer: succeeded where it brought what was asked for."""
    if answer.blocked and not answer.outputs:
        return failure(job, ErrorCode.SAFETY_BLOCKED, answer.blocked, answer=answer, sandbox=sandbox)
    at_limit = answer.end_reason is EndReason.MAX_OUTPUT_TOKENS
    if status not in COMPLETE and not at_limit:
        return failure(
            job,
            ErrorCode.UPSTREAM_REJECTED,
            f'The upstream ended the interaction as "{status}".',
            answer=answer,
            sandbox=sandbox,
        )
    if job.spec["wants_image"] and not answer.outputs:
        message = "The model answered without a picture."
        if at_limit:
            message = f"The answer reached its limit of {token_limit(job)} before there was a picture."
        return failure(job, ErrorCode.NO_IMAGE, message, answer=answer, sandbox=sandbox)
    return success(job, answer, sandbox=sandbox)


def _failure_of(job: Job, error: GeminiError) -> GenerationResult:
    """Returns the end of a job whose call failed."""
    reason = reason_of(error.code or "", str(error)) if isinstance(error, Rejected) else None
    if isinstance(error, TimedOut) and error.deadline:
        code, message = ErrorCode.DEADLINE_EXCEEDED, "The generation did not end before its deadline."
    elif reason is not None:
        code, message = ErrorCode.SAFETY_BLOCKED, str(error)
    elif isinstance(error, Rejected) and error.status not in {401, 403}:
        code, message = ErrorCode.UPSTREAM_REJECTED, f"The upstream refused the request: {error}"
    else:
        # A refused key of ours is the operator's business; to the tenant the upstream is unavailable.
        code, message = ErrorCode.UPSTREAM_UNAVAILABLE, _outage(error)
    return failure(job, code, message, usage=error.usage, reason=reason)


def _outage(error: GeminiError) -> str:
    if isinstance(error, Rejected):
        return "The upstream did not accept the platform's access."
    return f"The upstream gave no usable answer: {error}"


def _comes_back(error: GeminiError, call: UpstreamCall) -> bool:
    """Whether the job is better given back than failed: the upstream asks for more patience than a slot is worth."""
    if not isinstance(error, RateLimited | Unavailable) or error.retry_after is None:
        return False
    left = call.deadline - asyncio.get_running_loop().time()
    return error.retry_after > LONGEST_PAUSE and error.retry_after < left and call.tries + 1 < call.max_tries


async def _cancel_upstream(call: UpstreamCall) -> Answer | None:
    """Tells the upstream to stop; what it had made by then is the tenant's, and its bill."""
    if not call.upstream_id:
        return None
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CANCEL_PATIENCE):
            key = call.upstream_key or None
            with contextlib.suppress(NotFound):
                await call.client.cancel_interaction(call.upstream_id, key=key)
            interaction = await call.client.get_interaction(
                call.upstream_id,
                key=key,
                spool=call.job.spool,
                wait=False,
                deadline=asyncio.get_running_loop().time() + CANCEL_PATIENCE,
            )
            if interaction.usage or interaction.steps:
                return await asyncio.to_thread(answer_read, interaction, call.job)
    return None


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _clean(job: Job) -> None:
    shutil.rmtree(job.spool, ignore_errors=True)
