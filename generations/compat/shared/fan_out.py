"""One request that asks for several pictures: a job for each, since a call of the models makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.principal import Principal
from billing.models import Charge
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found
from generations.accept.funnel import generation_accept
from generations.compat.shared.jobs import WAIT, job_id, job_wait
from generations.compat.shared.json_stream import json_chunks
from generations.models import TERMINAL, Output
from generations.selectors import GenerationDetail, generation_details

Tree = dict[str, Any]


def jobs_accept(who: Principal, tree: Tree, count: int) -> list[UUID]:
    """Accepts `count` jobs of an interaction's body, in which uploads may stand for their base64: all or none."""
    return generation_accept(who=who, body=Body(tree), dialect="interactions", variants=count).ids


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
