"""`/openai/v1/images/generations`, `/openai/v1/images/edits`, `/openai/v1/models`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.http.forms import FormParser
from cavendish.http.problems import Problem
from generations.accept.funnel import check_active, request_spool
from generations.compat.openai.failures import error_event, failure_json, failure_response, unfinished_json
from generations.compat.openai.representation import Kind, image_events, images_json, model_json
from generations.compat.openai.streams import WAITING, event, stream_begin, stream_go_on
from generations.compat.openai.translation import Translation, form_body
from generations.compat.openai.views import OpenAIView
from generations.compat.shared.fan_out import jobs_accept, jobs_load, jobs_wait, pictures, wait_on
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed
from generations.compat.shared.resubmissions import Resubmission
from generations.compat.shared.resumed import ResumedByGet
from generations.models import TERMINAL, Status
from generations.request import body_read
from generations.request.hints import model_missing
from generations.selectors import GenerationDetail, model_offered, models_offered

FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


class ImageView(ResumedByGet, OpenAIView):
    replays = Replay.RERUN
    scopes = {"POST": "generate", "GET": "generate"}
    makes_pictures = ("POST",)
    kind: ClassVar[Kind] = "image_generation"

    def get(self, request: Request) -> HttpResponseBase:
        """The answer that a waiting client gets."""
        self.check_resumed(request)
        form = request.query_params["form"]
        details = jobs_load(principal(request), request)
        if form == "stream":
            return self.go_on(request, details)
        if any(detail.generation.status not in TERMINAL for detail in details):
            answer = _unfinished([detail.generation.id for detail in details])
            wait_on(answer, request, details)
            return answer
        if not pictures(details):
            return failure_response(failure_json(_first_failed(details)))
        shown = images_json(details, "url" if form == "url" else "b64_json")
        return StreamingHttpResponse(json_chunks(shown), content_type="application/json")

    def go_on(self, request: Request, details: Sequence[GenerationDetail]) -> HttpResponseBase:
        partials = int(request.query_params.get("partials", "0"))

        def frames(places: range, done: bool) -> Iterator[bytes]:
            if done and not pictures(details):
                yield error_event(failure_json(_first_failed(details))).encode()
                return
            for place in places:
                for shown in image_events(details[place], self.kind, partials=partials):
                    yield from event(shown, shown["type"])

        return stream_go_on(request, details, f"form=stream&partials={partials}", frames)

    def accept(
        self,
        request: Request,
        body: dict[str, Any],
        resubmission: Resubmission,
        images: Sequence[UploadedFile[Any]] | None = None,
        *,
        refers: bool = False,
    ) -> HttpResponse:
        """Makes jobs of a body, and has the client wait for them. `images` and `refers` as Translation has them."""
        who = principal(request)
        translation = Translation()
        images_request = translation.parse(body, images, refers=refers)
        with errors_placed(translation.placed):
            jobs = resubmission.jobs() or jobs_accept(who, images_request.tree, images_request.n)
        if images_request.stream:
            answer = stream_begin(request, jobs, f"form=stream&partials={images_request.partials}", WAITING)
        else:
            answer = _unfinished(jobs)
            jobs_wait(answer, request, jobs, f"form={images_request.form}")
        resubmission.mark(answer, jobs)
        return answer


class ImageGenerations(ImageView):
    def post(self, request: Request) -> HttpResponse:
        """Makes `n` pictures from words, each a job of its own."""
        who = principal(request)
        check_active(who)
        resubmission = Resubmission(request, who)
        with request_spool() as spool:
            body = body_read(resubmission, spool=spool, max_bytes=settings.MAX_BODY_BYTES)
            return self.accept(request, body, resubmission)


class ImageEdits(ImageView):
    parser_classes = (FormParser,)
    kind = "image_edit"

    def post(self, request: Request) -> HttpResponse:
        """Makes `n` pictures from words and pictures, sent as `image` or `image[]`, or in JSON as `images`."""
        who = principal(request)
        check_active(who)
        resubmission = Resubmission(request, who)
        if request._request.content_type not in FORM_TYPES:
            with request_spool() as spool:
                body = body_read(resubmission, spool=spool, max_bytes=settings.MAX_BODY_BYTES, data_urls=True)
                return self.accept(request, body, resubmission, refers=True)
        resubmission.read_form()
        images: list[UploadedFile[Any]] = []
        values: dict[str, str] = {}
        for name, uploads in request.FILES.lists():
            if name in {"image", "image[]"} or name.startswith("image["):
                images += uploads
            else:
                values[name] = "a file"
        values |= {name: str(value) for name, value in request._request.POST.items()}
        return self.accept(request, form_body(values), resubmission, images)


class ModelList(OpenAIView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        who = principal(request)
        data = [model_json(model) for model in models_offered(who)]
        return JsonResponse({"object": "list", "data": data})


class ModelDetail(OpenAIView):
    scopes = {"GET": "read"}

    def get(self, request: Request, model_id: str) -> JsonResponse:
        who = principal(request)
        model = model_offered(who, model_id)
        if model is None:
            detail = model_missing(model_id, models_offered(who), see="/openai/v1/models").detail
            raise Problem(404, "model_not_found", detail)
        return JsonResponse(model_json(model))


def _unfinished(jobs: Sequence[UUID]) -> HttpResponse:
    """The answer for a client whose wait ended before the jobs did: an error after which its library does not retry."""
    return failure_response(unfinished_json([ids.encode(ids.GENERATION, job) for job in jobs]))


def _first_failed(details: Sequence[GenerationDetail]) -> GenerationDetail:
    return next((detail for detail in details if detail.generation.status != Status.SUCCEEDED), details[0])
