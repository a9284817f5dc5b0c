"""`/v1/interactions` as the official SDKs call it: create (also in the background or streamed), get, cancel, delete."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal, resumed_by_wait_layer
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.http.problems import not_found
from generations.accept.funnel import generation_accept
from generations.compat.gemini.interactions.events import LEAD, RUNNING, event_stream, number_of
from generations.compat.gemini.interactions.representation import head_json, interaction_json
from generations.compat.gemini.views import GoogleView
from generations.compat.shared.ignored import warn_ignored
from generations.compat.shared.jobs import WAIT, job_accepted, job_id, job_load, job_wait
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed, placed
from generations.compat.shared.resubmissions import Resubmission
from generations.errors import NotCancelable
from generations.models import TERMINAL, Status
from generations.selectors import GenerationDetail
from generations.services import generation_cancel, generation_delete

CANCEL_WAIT = 3


class InteractionList(GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "generate"}
    makes_pictures = ("POST",)

    def post(self, request: Request) -> HttpResponse:
        who = principal(request)
        resubmission = Resubmission(request, who)
        with errors_placed(partial(placed, pointers=None)):
            accepted = generation_accept(who=who, body=resubmission, dialect="interactions", join=resubmission.job)
        public = ids.encode(ids.GENERATION, accepted.id)
        detail = job_accepted(who, accepted)
        answer: HttpResponse
        if accepted.parsed.stream:
            answer = _stream(request, detail, f"{request.path}/{public}", after=0)
        else:
            answer = JsonResponse(head_json(detail))
            if not accepted.parsed.background:
                job_wait(answer, request, public, f"{request.path}/{public}?created=true", WAIT)
        warn_ignored(answer, accepted.parsed.ignored)
        resubmission.mark(answer, [accepted.id])
        return answer


class InteractionDetail(GoogleView):
    scopes = {"GET": "read", "DELETE": "generate"}

    def get(self, request: Request, interaction_id: str) -> HttpResponseBase:
        """The interaction as it stands; with `stream=true` its events up to the end."""
        who = principal(request)
        inside = resumed_by_wait_layer(request)
        generation_id = job_id(interaction_id)
        detail = job_load(who, generation_id)
        if not detail.generation.store and not inside:
            raise not_found()
        query = request.query_params
        streamed = query.get("stream") == "true"
        after = number_of(query.get("last_event_id")) if streamed else 0
        if streamed and detail.generation.status not in TERMINAL and not inside:
            return _stream(request, detail, request.path, after=after)
        ended = detail.generation.status in TERMINAL
        shown = interaction_json(
            detail,
            # Who polls is spared the pictures it sent, until there is an answer to put behind them.
            with_input=not streamed and "created" not in query and ended,
            echo_input=query.get("include_input") == "true",
        )
        if streamed:
            frames = event_stream(shown, after)
            return StreamingHttpResponse(frames, content_type="text/event-stream")
        return StreamingHttpResponse(json_chunks(shown), content_type="application/json")

    def delete(self, request: Request, interaction_id: str) -> JsonResponse:
        """Erases an ended interaction; its charge stays."""
        who = principal(request)
        generation_id = job_id(interaction_id)
        deleted = generation_delete(tenant_id=who.tenant_id, generation_id=generation_id, livemode=who.livemode)
        if not deleted:
            raise not_found()
        return JsonResponse({})


class InteractionCancel(GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "generate"}

    def post(self, request: Request, interaction_id: str) -> HttpResponse:
        """Cancels, and returns the interaction as it stands; one that has ended stays as it is."""
        who = principal(request)
        generation_id = job_id(interaction_id)
        was: Any = None
        try:
            was = generation_cancel(tenant_id=who.tenant_id, generation_id=generation_id, livemode=who.livemode)
        except NotCancelable as ended:
            was = ended.subject_status
        if was is None:
            raise not_found()
        answer = JsonResponse(head_json(job_load(who, generation_id)))
        if was == Status.RUNNING:
            path = request.path.removesuffix("/cancel")
            job_wait(answer, request, interaction_id, f"{path}?created=true", CANCEL_WAIT)
        return answer


def _stream(request: Request, detail: GenerationDetail, path: str, *, after: int) -> HttpResponse:
    """Sends the first events at once, so that a client knows the id to resume with; the rest when the job has ended."""
    running = {**head_json(detail), "status": RUNNING, "steps": []}
    answer = HttpResponse(b"".join(event_stream(running, after)), content_type="text/event-stream")
    last = max(after, LEAD)
    job_wait(answer, request, running["id"], f"{path}?stream=true&last_event_id=ev_{last}", WAIT, lead=True)
    return answer
