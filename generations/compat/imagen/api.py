"""`models/imagen-*:predict`."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.gemini.catalog import Model, UnknownModel, requested_model
from cavendish.http.problems import Problem
from generations.accept.funnel import check_active, request_spool
from generations.compat.gemini.errors import GOOGLE
from generations.compat.gemini.views import GoogleView
from generations.compat.imagen.representation import is_filtered, predictions_json
from generations.compat.imagen.translation import Translation
from generations.compat.shared.ends import ended, failure_code, failure_message, failure_status
from generations.compat.shared.fan_out import jobs_accept, jobs_load, jobs_wait, pictures, wait_on
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed
from generations.compat.shared.resubmissions import Resubmission
from generations.compat.shared.resumed import ResumedByGet
from generations.models import TERMINAL, Status
from generations.request import body_read
from generations.request.hints import listing, no_such_model

DEPRECATED = datetime(2026, 6, 30, tzinfo=UTC)
"""By when Google asks to have moved: https://cloud.google.com/vertex-ai/generative-ai/docs/models/imagen/4-0-generate"""


class Predict(ResumedByGet, GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "generate", "GET": "generate"}
    makes_pictures = ("POST",)

    def post(self, request: Request, name: str) -> HttpResponse:
        """Makes `sampleCount` pictures with the model that stands in for Imagen, each a job of its own."""
        who = principal(request)
        check_active(who)
        translation = Translation(_successor())
        resubmission = Resubmission(request, who)
        with request_spool() as spool:
            body = body_read(resubmission, spool=spool, max_bytes=settings.MAX_BODY_BYTES)
        with errors_placed(translation.placed):
            images_request = translation.parse(body)
            jobs = resubmission.jobs() or jobs_accept(who, images_request.tree, images_request.count)
        answer = _unfinished(request, [ids.encode(ids.GENERATION, job) for job in jobs])
        _warn(answer, name, images_request.ignored)
        jobs_wait(answer, request, jobs, f"reasons={'true' if images_request.reasons else 'false'}")
        resubmission.mark(answer, jobs)
        return answer

    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The answer that a waiting client gets."""
        self.check_resumed(request)
        details = jobs_load(principal(request), request)
        if any(detail.generation.status not in TERMINAL for detail in details):
            answer = _unfinished(request, [ids.encode(ids.GENERATION, detail.generation.id) for detail in details])
            wait_on(answer, request, details)
            return answer
        failed = [
            detail for detail in details if detail.generation.status != Status.SUCCEEDED and not is_filtered(detail)
        ]
        if failed and not pictures(details):
            code = failure_code(failed[0])
            answer = GOOGLE.response(Problem(failure_status(code), "failed", failure_message(failed[0])), request.path)
            ended(answer)
            return answer
        shown = predictions_json(details, reasons=request.query_params.get("reasons") == "true")
        return StreamingHttpResponse(json_chunks(shown), content_type="application/json")


def _successor() -> Model:
    """The model that stands in for Imagen. Raises Problem once that one is retired too."""
    try:
        return requested_model(settings.IMAGEN_SUCCESSOR)
    except UnknownModel as unknown:
        detail = no_such_model(settings.IMAGEN_SUCCESSOR, unknown, see="/v1/models")
        raise Problem(404, "unknown_model", detail) from None


def _unfinished(request: Request, jobs: list[str]) -> HttpResponse:
    """The answer for a client whose wait ended before the jobs did, with a status after which no SDK sends again."""
    pointers = " and ".join(f"/v1/interactions/{job}" for job in jobs)
    message = f"The answer is not there yet; it is going to be at {pointers}. Do not send it again."
    return GOOGLE.response(Problem(400, "not_finished", message), request.path)


def _warn(answer: HttpResponse, name: str, ignored: list[str]) -> None:
    """Says who answered (RFC 7234, section 5.5) and that the name is on its way out (RFC 9745)."""
    message = f"Imagen is shut down: {_successor().id} answered instead of imagen-{name}."
    if ignored:
        message += f" It has no {listing(ignored, 'and')}; that was ignored."
    answer.headers["Warning"] = f'299 - "{message} Call generateContent or interactions with a Gemini model."'
    answer.headers["Deprecation"] = f"@{int(DEPRECATED.timestamp())}"
