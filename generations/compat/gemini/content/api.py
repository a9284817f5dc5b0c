"""`models/<model>:generateContent`, `:streamGenerateContent`, `:countTokens`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal, resumed_by_wait_layer
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.gemini.catalog import Model, UnknownModel, requested_model
from cavendish.http.problems import Problem, invalid_value, not_found, shown
from generations.accept.funnel import check_model, generation_accept, request_spool
from generations.compat.gemini.content.representation import (
    chunks_json,
    failure_of,
    response_json,
    tokens_json,
    unfinished_json,
)
from generations.compat.gemini.content.translation import Translation
from generations.compat.gemini.errors import GOOGLE
from generations.compat.gemini.views import GoogleView
from generations.compat.shared.ends import ended
from generations.compat.shared.ignored import warn_ignored
from generations.compat.shared.jobs import WAIT, job_accepted, job_id, job_load, job_wait
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed
from generations.compat.shared.resubmissions import Resubmission
from generations.models import TERMINAL
from generations.request import body_read
from generations.request.hints import no_such_model


class _Form(NamedTuple):
    """How an answer is written: what comes before its chunks, between and after them."""

    name: str
    content_type: str
    before: bytes = b""
    between: bytes = b""
    after: bytes = b""


_OBJECT = _Form("object", "application/json")
_ARRAY = _Form("array", "application/json", b"[", b",\n", b"]")
_SSE = _Form("sse", "text/event-stream", b"data: ", b"\n\ndata: ", b"\n\n")
# Google's parameters of every address are known under both names.
_ALT = ("alt", "$alt")
_FORMS = {form.name: form for form in (_OBJECT, _ARRAY, _SSE)}


class ContentGenerate(GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "generate"}
    makes_pictures = ("POST",)
    streamed = False

    def post(self, request: Request, model_id: str) -> HttpResponse:
        who = principal(request)
        translation = Translation(model_of(model_id), name=model_id)
        resubmission = Resubmission(request, who)
        with errors_placed(translation.placed):
            accepted = generation_accept(
                who=who, body=resubmission, dialect="interactions", translate=translation, join=resubmission.job
            )
        form = _OBJECT
        if self.streamed:
            form = _SSE if "sse" in (request.query_params.get(name) for name in _ALT) else _ARRAY
        # What the client gets should this process stop before the job does.
        unfinished = b"".join(_chunks(unfinished_json(job_accepted(who, accepted)), form))
        answer = HttpResponse(form.before if self.streamed else unfinished, content_type=form.content_type)
        public = ids.encode(ids.GENERATION, accepted.id)
        shown = "true" if translation.thoughts else "false"
        path = f"{request.path}/{public}?form={form.name}&thoughts={shown}"
        if self.streamed:
            # Blanks before JSON: old SDKs stumble over comments, and over lines before the first event.
            job_wait(answer, request, public, path, WAIT, lead=True, otherwise=unfinished.decode(), beat=" ")
        else:
            job_wait(answer, request, public, path, WAIT)
        warn_ignored(answer, translation.ignored)
        resubmission.mark(answer, [accepted.id])
        return answer


class ContentStream(ContentGenerate):
    """Streams server-sent events with `alt=sse`, which the SDKs send; else one JSON array of the same chunks.

    The headers and the first characters go out at once.
    """

    streamed = True


class ContentAnswer(GoogleView):
    """The answer that a waiting client gets. An address of ours, not of the API: only the layer in front may ask."""

    scopes = {"GET": "generate"}

    def get(self, request: Request, model_id: str, generation_id: str) -> HttpResponseBase:
        """The response, or the error that the job ended with; of a stream what comes behind its first characters."""
        form = _FORMS.get(request.query_params.get("form", ""))
        if not resumed_by_wait_layer(request) or form is None:
            raise not_found()
        who = principal(request)
        detail = job_load(who, job_id(generation_id))
        if detail.generation.status in TERMINAL:
            failure = failure_of(detail)
            if failure is not None and form is _OBJECT:
                error = GOOGLE.response(failure, request.path)
                ended(error)
                return error
            response = response_json(detail, thoughts=request.query_params.get("thoughts") == "true")
            if failure is not None:
                # First, where Google's SDKs look for it.
                response = {**json.loads(GOOGLE.render(failure, request.path).body), **response}
        else:
            response = unfinished_json(detail)
        return StreamingHttpResponse(_chunks(response, form), content_type=form.content_type)


class ContentCount(GoogleView):
    replays = Replay.KEPT
    scopes = {"POST": "generate"}

    def post(self, request: Request, model_id: str) -> JsonResponse:
        """Counts the tokens of `contents`, or of all of `generateContentRequest`."""
        model = model_of(model_id)
        check_model(principal(request), model)
        translation = Translation(model)
        with request_spool() as spool, errors_placed(translation.placed):
            body = body_read(request._request, spool=spool, max_bytes=settings.MAX_BODY_BYTES)
            tree = translation(_counted(body))
        return JsonResponse(tokens_json(tree, model))


def _counted(body: dict[str, Any]) -> dict[str, Any]:
    """What of a body is counted. Raises Problem 422: of two that exclude each other one would not be counted."""
    name = "generateContentRequest"
    inner = body.get(name, body.get("generate_content_request"))
    if inner is None:
        return body
    if not isinstance(inner, dict):
        raise invalid_value(f"/{name}", "wrong_type", f"{name} is {shown(inner)}; it takes an object.")
    if body.get("contents") is not None:
        detail = f"contents and {name} exclude each other; put the contents into the {name}."
        raise invalid_value("/contents", "conflict", detail)
    return inner


def _chunks(response: dict[str, Any], form: _Form) -> Iterator[bytes]:
    """The response in one of the three forms behind what comes `before`, its pictures streamed from storage."""
    if form is _OBJECT:
        yield from json_chunks(response)
        return
    for index, chunk in enumerate(chunks_json(response)):
        yield form.between if index else b""
        yield from json_chunks(chunk)
    yield form.after


def model_of(model_id: str) -> Model:
    try:
        return requested_model(model_id)
    except UnknownModel as unknown:
        raise Problem(404, "unknown_model", no_such_model(model_id, unknown, see="/v1/models")) from None
