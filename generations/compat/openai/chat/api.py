"""`/openai/v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.authentication.principal import Principal
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.accept.funnel import generation_accept
from generations.compat.openai.chat.representation import (
    choice_chunks,
    completion_json,
    first_chunk,
    first_failed,
    last_chunks,
)
from generations.compat.openai.chat.translation import Translation
from generations.compat.openai.failures import error_event, failure_json, failure_response, unfinished_json
from generations.compat.openai.streams import DONE, event, stream_begin, stream_go_on
from generations.compat.openai.views import OpenAIView
from generations.compat.shared.fan_out import jobs_load, jobs_of, jobs_wait, wait_on
from generations.compat.shared.ignored import warn_ignored
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed
from generations.compat.shared.resubmissions import Resubmission
from generations.compat.shared.resumed import ResumedByGet
from generations.models import TERMINAL, GenerationContent
from generations.selectors import GenerationDetail


class ChatCompletions(ResumedByGet, OpenAIView):
    replays = Replay.RERUN
    scopes = {"POST": "generate", "GET": "generate"}
    makes_pictures = ("POST",)

    def post(self, request: Request) -> HttpResponse:
        """Answers a conversation `n` times, each a generation of its own, all accepted or none."""
        who = principal(request)
        translation = Translation()
        resubmission = Resubmission(request, who)
        joined: list[UUID] = []

        def join() -> UUID | None:
            joined[:] = resubmission.jobs()
            return joined[0] if joined else None

        with errors_placed(translation.placed):
            accepted = generation_accept(
                who=who, body=resubmission, dialect="native", translate=translation, join=join, data_urls=True
            )
        jobs = joined or accepted.ids
        query = f"thoughts={int(translation.thoughts)}&usage={int(translation.with_usage)}"
        if translation.stream:
            first = b"".join(event(first_chunk(jobs_of(who, jobs))))
            answer = stream_begin(request, jobs, f"form=stream&{query}", first)
        else:
            answer = _unfinished(jobs)
            jobs_wait(answer, request, jobs, f"form=json&{query}")
        warn_ignored(answer, translation.ignored)
        resubmission.mark(answer, jobs)
        return answer

    def get(self, request: Request) -> HttpResponseBase:
        """The answer that a waiting client gets."""
        self.check_resumed(request)
        form = request.query_params["form"]
        who = principal(request)
        details = jobs_load(who, request)
        thoughts = request.query_params.get("thoughts") == "1"
        if form == "stream":
            return self.go_on(request, who, details, thoughts=thoughts)
        if any(detail.generation.status not in TERMINAL for detail in details):
            answer = _unfinished([detail.generation.id for detail in details])
            wait_on(answer, request, details)
            return answer
        shown = completion_json(details, _contents(who, details), thoughts=thoughts)
        if shown is None:
            return failure_response(failure_json(first_failed(details)))
        return StreamingHttpResponse(json_chunks(shown), content_type="application/json")

    def go_on(
        self, request: Request, who: Principal, details: Sequence[GenerationDetail], *, thoughts: bool
    ) -> HttpResponseBase:
        with_usage = request.query_params.get("usage") == "1"
        contents = _contents(who, details)

        def frames(places: range, done: bool) -> Iterator[bytes]:
            for place in places:
                content = contents[details[place].generation.id]
                for chunk in choice_chunks(details, place, content, thoughts=thoughts):
                    yield from event(chunk)
            if not done:
                return
            last, error = last_chunks(details, contents, with_usage=with_usage)
            for chunk in last:
                yield from event(chunk)
            yield error_event(error).encode() if error else DONE

        query = f"form=stream&thoughts={int(thoughts)}&usage={int(with_usage)}"
        return stream_go_on(request, details, query, frames)


def _contents(who: Principal, details: Sequence[GenerationDetail]) -> Mapping[UUID, GenerationContent]:
    """The answers of jobs with the upstream's steps, by their ids."""
    with tenant_context(who.tenant_id):
        contents: dict[UUID, GenerationContent] = GenerationContent.objects.in_bulk(
            [detail.generation.id for detail in details]
        )
    return contents


def _unfinished(jobs: Sequence[UUID]) -> HttpResponse:
    return failure_response(unfinished_json([ids.encode(ids.GENERATION, job) for job in jobs]))
