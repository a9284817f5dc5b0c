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
from cavendish.http.problems import FieldError, invalid, not_found
from cavendish.http.schema import problems
from cavendish.http.times import moment
from cavendish.wait.instructions import CURSOR
from generations.api import schema
from generations.selectors import generation_find

LATEST = "latest"


class GenerationEvents(APIView):
    scopes = {"GET": "read"}
    authentication_classes = [StreamAuthentication]
    admission = StreamAdmission()

    @extend_schema(
        operation_id="generations_events",
        responses={(200, "text/event-stream"): schema.GenerationEvent, 204: None, **problems(401, 403, 404, 422)},
        parameters=[schema.LAST_EVENT_ID, schema.AFTER],
        tags=["generations"],
    )
    def get(self, request: Request, generation_id: str) -> HttpResponse:
        """The status changes as server-sent events to the terminal one: from the first, or behind `Last-Event-ID` or
        `after`.
        """
        who = principal(request)
        after = _after(request)
        decoded_id = ids.decode(ids.GENERATION, generation_id)
        with tenant_context(who.tenant_id):
            if decoded_id is None or generation_find(decoded_id, livemode=who.livemode) is None:
                raise not_found()
        return _stream(f"generation;{generation_id};{who.tenant_id.hex};{after}")


class EventStream(APIView):
    scopes = {"GET": "read"}
    authentication_classes = [StreamAuthentication]
    admission = StreamAdmission()

    @extend_schema(
        operation_id="events_stream",
        responses={(200, "text/event-stream"): schema.TenantEvent, **problems(401, 403, 422)},
        parameters=[schema.LAST_EVENT_ID, schema.AFTER_OR_LATEST],
        tags=["events"],
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything that happens to what is the tenant's in the key's mode, as server-sent events without an end.

        What both modes share, such as invoices, comes to live keys.

        They begin with the first that is kept, behind `Last-Event-ID`, or behind `after`: an event's id, or "latest".
        """
        who = principal(request)
        after = _after(request, LATEST)
        if after == LATEST:
            with tenant_context(who.tenant_id):
                after = call("event_latest", who.tenant_id)
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


def _after(request: Request, *words: str) -> str:
    """Returns `after`: the id of an event, one of `words`, or "" for the beginning.

    Raises Problem 422 where it is none of them, or `Last-Event-ID`, which the layer in front reads, no event's id.
    """
    after = request.query_params.get("after", "")
    seen = request.headers.get("Last-Event-ID", "").strip()
    known = "Use the id of an event as it came, such as 908.5"
    errors = []
    if seen and not CURSOR.fullmatch(seen):
        errors.append(FieldError("/Last-Event-ID", "invalid", f"{known}."))
    if after and after not in words and not CURSOR.fullmatch(after):
        errors.append(FieldError("/after", "invalid", f"{', or '.join([known, *words])}."))
    if errors:
        raise invalid(errors)
    return after


def _stream(instruction: str) -> HttpResponse:
    return HttpResponse(headers={"Content-Type": "text/event-stream", "X-Cavendish-Stream": instruction})
