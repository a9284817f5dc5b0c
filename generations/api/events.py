"""`/api/v1/events` and `/api/v1/generations/{id}/events`: server-sent events, and tokens that open them."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.stream_tokens import StreamAdmission, StreamAuthentication, stream_token
from accounts.idempotency import IdempotentView, Replay
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found
from cavendish.http.schema import problems
from cavendish.http.times import moment
from generations.api import schema
from generations.selectors import generation_find

LATEST = "latest"


class GenerationEvents(APIView):
    scopes = {"GET": "read"}
    authentication_classes = [StreamAuthentication]
    admission = StreamAdmission()

    @extend_schema(
        operation_id="generations_events",
        responses={(200, "text/event-stream"): schema.GenerationEvent, 204: None, **problems(401, 403, 404)},
        parameters=[schema.LAST_EVENT_ID],
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> HttpResponse:
        """The status changes as server-sent events, from the first one (or `Last-Event-ID`) to the terminal one."""
        who = principal(request)
        decoded_id = ids.decode(ids.GENERATION, generation_id)
        with tenant_context(who.tenant_id):
            if decoded_id is None or generation_find(decoded_id, livemode=who.livemode) is None:
                raise not_found()
        return _stream(f"generation;{generation_id};{who.tenant_id.hex}")


class EventStream(APIView):
    scopes = {"GET": "read"}
    authentication_classes = [StreamAuthentication]
    admission = StreamAdmission()

    @extend_schema(
        operation_id="events_stream",
        responses={(200, "text/event-stream"): schema.TenantEvent, **problems(401, 403)},
        parameters=[schema.LAST_EVENT_ID, schema.AFTER],
        tags=["events"],
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything that happens to what is the tenant's in the key's mode, as server-sent events without an end.

        What both modes share, such as invoices, comes to live keys.

        They begin with the first that is kept, behind `Last-Event-ID`, or behind `after`: an event's id, or "latest".
        """
        who = principal(request)
        after = request.query_params.get("after", "")
        if after == LATEST:
            with tenant_context(who.tenant_id):
                after = call("event_latest", who.tenant_id)
        elif not after.replace(".", "").isascii() or not after.replace(".", "").isalnum():
            after = ""
        mode = "live" if who.livemode else "test"
        return _stream(f"tenant;{after};{who.tenant_id.hex};{mode}")


class StreamTokens(IdempotentView):
    scopes = {"POST": "read"}
    replays = Replay.RERUN

    @extend_schema(
        operation_id="stream_tokens_create",
        request=None,
        responses={201: schema.StreamToken, **problems(401, 403)},
        tags=["events"],
    )
    def post(self, request: Request) -> Response:
        """Makes a token for `?token=` of both addresses of events, and of nothing else, valid for 15 minutes."""
        token, expires_at = stream_token(principal(request))
        shown = {"object": "stream_token", "token": token, "expires_at": moment(expires_at)}
        return Response(shown, 201, headers={"Cache-Control": "no-store"})


def _stream(instruction: str) -> HttpResponse:
    return HttpResponse(headers={"Content-Type": "text/event-stream", "X-Cavendish-Stream": instruction})
