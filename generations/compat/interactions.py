"""`/v1/interactions` as the official SDKs call it: create (also in the background or streamed), get, cancel, delete."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.api.authentication import principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_door
from cavendish.http.problems import conflict, not_found
from generations.accept import generation_accept
from generations.compat.errors import GoogleView
from generations.compat.events import event_stream
from generations.compat.jobs import WAIT, asked_internally, job_id, job_load, job_wait
from generations.compat.pieces import json_pieces
from generations.compat.representation import head_json, interaction_json
from generations.errors import NotCancelable, NotFinished
from generations.models import TERMINAL, GenerationContent, Status
from generations.services import generation_cancel, generation_delete

CANCEL_WAIT = 3


class InteractionList(GoogleView):
    scopes = {"POST": "generate"}

    def post(self, request: Request) -> HttpResponse:
        who = principal(request)
        accepted = generation_accept(who=who, body=request._request, dialect="interactions")
        public = ids.encode(ids.GENERATION, accepted.id)
        answer = JsonResponse(head_json(job_load(who, accepted.id)))
        if not accepted.draft.background or accepted.draft.stream:
            query = "stream=true" if accepted.draft.stream else "created=true"
            job_wait(answer, request, public, f"{request.path}/{public}?{query}", WAIT)
        return answer


class InteractionDetail(GoogleView):
    scopes = {"GET": "read", "DELETE": "generate"}

    def get(self, request: Request, interaction_id: str) -> HttpResponseBase:
        """`stream=true` waits for the end and answers events; else what there is now."""
        who = principal(request)
        inside = asked_internally(request)
        wanted = job_id(interaction_id)
        whole = job_load(who, wanted)
        if not whole.generation.store and not inside:
            raise not_found()
        query = request.query_params
        streamed = query.get("stream") == "true"
        if streamed and whole.generation.status not in TERMINAL and not inside:
            waiting = JsonResponse(head_json(whole))
            last = f"&last_event_id={quote(query['last_event_id'])}" if "last_event_id" in query else ""
            job_wait(waiting, request, interaction_id, f"{request.path}?stream=true{last}", WAIT)
            return waiting
        with tenant_door(who.tenant_id):
            content = GenerationContent.objects.get(pk=wanted)
        with_input = not streamed and "created" not in query
        shown = interaction_json(whole, content, with_input=with_input)
        if streamed:
            frames = event_stream(shown, query.get("last_event_id"))
            return StreamingHttpResponse(frames, content_type="text/event-stream")
        return StreamingHttpResponse(json_pieces(shown), content_type="application/json")

    def delete(self, request: Request, interaction_id: str) -> JsonResponse:
        """Erases an ended interaction; what it cost stays in the books."""
        who = principal(request)
        wanted = job_id(interaction_id)
        try:
            deleted = generation_delete(tenant_id=who.tenant_id, generation_id=wanted, livemode=who.livemode)
        except NotFinished as running:
            raise conflict("not_finished", str(running)) from None
        if not deleted:
            raise not_found()
        return JsonResponse({})


class InteractionCancel(GoogleView):
    scopes = {"POST": "generate"}

    def post(self, request: Request, interaction_id: str) -> HttpResponse:
        """Answers the interaction as it stands; one that has ended stays as it is."""
        who = principal(request)
        wanted = job_id(interaction_id)
        was: Any = None
        try:
            was = generation_cancel(tenant_id=who.tenant_id, generation_id=wanted, livemode=who.livemode)
        except NotCancelable as ended:
            was = ended.status
        if was is None:
            raise not_found()
        answer = JsonResponse(head_json(job_load(who, wanted)))
        if was == Status.RUNNING:
            path = request.path.removesuffix("/cancel")
            job_wait(answer, request, interaction_id, f"{path}?created=true", CANCEL_WAIT)
        return answer
