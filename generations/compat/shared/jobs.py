"""A job in the views of the dialects: its id, its rows, and a client that waits for its end."""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.http.problems import not_found
from generations.accept.funnel import Accepted
from generations.selectors import GenerationDetail, generation_detail

WAIT = 600
"""Seconds: how long Google's own server keeps a waiting create open (docs/wire.md, Timeouts)."""


def job_wait(
    answer: HttpResponseBase,
    request: Request,
    public_id: str,
    path: str,
    seconds: int,
    *,
    lead: bool = False,
    otherwise: str = "",
    beat: str = "",
) -> None:
    """Has the layer in front wait, and then send what `path` returns to the same key; behind `answer` if that leads.

    `otherwise` ends an answer that leads where nothing can be sent behind it; `beat` is sent meanwhile, a comment of
    server-sent events where it is "".
    """
    if "key" in request.query_params:
        path = f"{path}&key={quote(request.query_params['key'])}"
    answer.headers["X-Cavendish-Lead" if lead else "X-Cavendish-Wait"] = f"{public_id};{seconds};{path}"
    if otherwise:
        answer.headers["X-Cavendish-Otherwise"] = json.dumps(otherwise)
    if beat:
        answer.headers["X-Cavendish-Beat"] = json.dumps(beat)


def job_id(text: str) -> UUID:
    """The id behind a public one. Raises Problem 404."""
    generation_id = ids.decode(ids.GENERATION, text)
    if generation_id is None:
        raise not_found()
    return generation_id


def job_load(who: Principal, generation_id: UUID) -> GenerationDetail:
    """A generation of the key's mode, with its parts, the job's specification and its steps too. Raises Problem 404."""
    detail = generation_detail(generation_id, livemode=who.livemode, whole=True, tenant_id=who.tenant_id)
    if detail is None:
        raise not_found()
    return detail


def job_accepted(who: Principal, accepted: Accepted) -> GenerationDetail:
    """The job of a request as it was accepted: what is known of it without asking the database.

    A job that the request joined may have gone on since, and is read.
    """
    return accepted.made[0].head() if accepted.made else job_load(who, accepted.id)
