"""Answers that are streamed: each job's events as it ends, in the order of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from cavendish.db import ids
from generations.compat.openai.failures import error_event, unfinished_json
from generations.compat.shared.fan_out import jobs_lead
from generations.compat.shared.json_stream import json_chunks
from generations.models import TERMINAL
from generations.selectors import GenerationDetail

CONTENT_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"
WAITING = b": waiting\n\n"

Frames = Callable[[range, bool], Iterator[bytes]]
"""From the places of jobs that have ended, and whether all have now, to what is sent of them."""


def stream_begin(request: Request, jobs: Sequence[UUID], query: str, first: bytes) -> HttpResponse:
    """The beginning of a stream, sent at once; its rest comes job by job."""
    answer = HttpResponse(first, content_type=CONTENT_TYPE)
    jobs_lead(answer, request, jobs, query, place=0, otherwise=_unfinished(jobs))
    return answer


def stream_go_on(
    request: Request, details: Sequence[GenerationDetail], query: str, frames: Frames
) -> StreamingHttpResponse:
    """What has ended since the last part. Asks for the next part, where a job still runs."""
    start = end = int(request.query_params.get("from", "0"))
    while end < len(details) and details[end].generation.status in TERMINAL:
        end += 1
    answer = StreamingHttpResponse(frames(range(start, end), end == len(details)), content_type=CONTENT_TYPE)
    if end < len(details):
        jobs = [detail.generation.id for detail in details]
        jobs_lead(answer, request, jobs, query, place=end, otherwise=_unfinished(jobs))
    return answer


def event(payload: dict[str, Any], name: str = "") -> Iterator[bytes]:
    """One event, its pictures streamed from storage."""
    yield f"event: {name}\ndata: ".encode() if name else b"data: "
    yield from json_chunks(payload)
    yield b"\n\n"


def _unfinished(jobs: Sequence[UUID]) -> str:
    return error_event(unfinished_json([ids.encode(ids.GENERATION, job) for job in jobs]))
