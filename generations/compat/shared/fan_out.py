"""One request that asks for several pictures: a job for each, since a call of the models makes one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.principal import Principal
from accounts.idempotency import current_keyed_request
from accounts.limits import current_reservation
from billing.models import Charge
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem, not_found, problem_of
from generations.accept.funnel import generation_accept
from generations.compat.shared.jobs import WAIT, job_id, job_wait
from generations.compat.shared.json_stream import json_chunks
from generations.errors import NotCancelable
from generations.models import TERMINAL, Output
from generations.selectors import GenerationDetail, generation_details
from generations.services import generation_cancel

logger = logging.getLogger(__name__)

Tree = dict[str, Any]


def jobs_accept(who: Principal, trees: Sequence[Tree]) -> list[UUID]:
    """Accepts a job for each body of an interaction, in which uploads may stand for their base64: all or none.

    Raises the Problem of the first that is refused, after canceling those before it. They were accepted milliseconds
    ago; one that a worker has begun since then ends uncharged unless its picture was here already. Where one cannot be
    canceled the Problem names it, and is none that clients answer with another try.
    """
    keyed = current_keyed_request()
    # Of a request with the same Idempotency-Key, whose process died between two of them.
    earlier = [UUID(job) for job in keyed.created_ids] if keyed is not None else []
    if keyed is not None:
        keyed.expect(len(trees))
    current_reservation().reserve(len(trees) - len(earlier))
    # with the pictures that each counts for
    accepted = [(job, 0) for job in earlier]
    try:
        for tree in trees[len(earlier) :]:
            job = generation_accept(who=who, body=Body(tree), dialect="interactions")
            accepted.append((job.id, job.images))
    except BaseException as error:
        kept = [job_id for job_id, images in accepted if not _cancel(who, job_id, images)]
        if kept and isinstance(error, Exception):
            problem = _partly(kept, error)
            if keyed is not None:
                keyed.end_refused(problem)
            raise problem from None
        raise
    return [job_id for job_id, _ in accepted]


def jobs_wait(answer: HttpResponse, request: Request, jobs: Sequence[UUID], query: str) -> None:
    """Has the layer in front wait, and then ask the same address with `?jobs=…&<query>`. `answer` is what a client gets
    when this process stops before.
    """
    named = ",".join(ids.encode(ids.GENERATION, job) for job in jobs)
    path = f"{request.path}?jobs={named}&{query}"
    job_wait(answer, request, ids.encode(ids.GENERATION, jobs[-1]), path, WAIT)


def jobs_lead(
    answer: HttpResponseBase, request: Request, jobs: Sequence[UUID], query: str, *, place: int, otherwise: str
) -> None:
    """Sends `answer` and holds it open: the layer waits for the job at `place`, and then sends behind it what the same
    address answers with `?jobs=…&<query>&from=<place>`. `otherwise` ends the answer where nothing can be sent.
    """
    named = ",".join(ids.encode(ids.GENERATION, job) for job in jobs)
    path = f"{request.path}?jobs={named}&{query}&from={place}"
    public = ids.encode(ids.GENERATION, jobs[place])
    job_wait(answer, request, public, path, WAIT, lead=True, otherwise=otherwise)


def jobs_load(who: Principal, request: Request) -> list[GenerationDetail]:
    """The jobs that `jobs_wait` named, in their order. Raises Problem 404."""
    return jobs_of(who, [job_id(text) for text in request.query_params.get("jobs", "").split(",")])


def jobs_of(who: Principal, job_ids: Sequence[UUID]) -> list[GenerationDetail]:
    """The jobs of these ids, in their order. Raises Problem 404."""
    with tenant_context(who.tenant_id):
        details = generation_details(job_ids, livemode=who.livemode)
    if set(details) != set(job_ids):
        raise not_found()
    return [details[job] for job in job_ids]


def wait_on(answer: HttpResponse, request: Request, details: Sequence[GenerationDetail]) -> None:
    """Has the layer wait for the first of the jobs that has not ended, and then ask once more."""
    for detail in details:
        if detail.generation.status not in TERMINAL:
            path = f"{request.path}?{request.META.get('QUERY_STRING', '')}"
            public = ids.encode(ids.GENERATION, detail.generation.id)
            answer.headers["X-Cavendish-Wait"] = f"{public};{WAIT};{path}"
            return


def pictures(details: Sequence[GenerationDetail]) -> list[Output]:
    """The outputs of jobs, in their order, without thoughts."""
    return [output for detail in details for output in detail.outputs if output.part == Output.Part.OUTPUT]


def charges(details: Sequence[GenerationDetail]) -> list[Charge]:
    return [detail.charge for detail in details if detail.charge is not None]


class Body:
    """A tree as a stream of JSON, its uploads as base64: they go through the funnel without being in memory whole."""

    def __init__(self, tree: Tree) -> None:
        self._chunks = json_chunks(tree)

    def read(self, size: int, /) -> bytes:
        """The next chunk, whatever its size; b"" at the end."""
        return next((chunk for chunk in self._chunks if chunk), b"")


def _cancel(who: Principal, job: UUID, images: int) -> bool:
    """Cancels a job that was accepted. Returns whether that was in time."""
    try:
        generation_cancel(tenant_id=who.tenant_id, generation_id=job, livemode=who.livemode)
    except NotCancelable:
        return False
    except Exception as error:
        # The message of a database error may repeat values.
        logger.error("A generation could not be canceled: %s", type(error).__name__)
        return False
    current_reservation().give_back(images)
    return True


def _partly(kept: Sequence[UUID], error: Exception) -> Problem:
    refused = problem_of(error)
    why = f" {refused.detail}" if refused else ""
    pointers = " and ".join(f"/api/v1/generations/{ids.encode(ids.GENERATION, each)}" for each in kept)
    detail = f"Not all pictures were accepted.{why} These could not be taken back, and are charged: {pointers}."
    return Problem(400, "partly_accepted", detail)
