"""`/openai/v1/images/generations`, `/openai/v1/images/edits`, `/openai/v1/models`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from accounts.authentication.drf import principal, resumed_by_wait_layer
from accounts.idempotency import Replay
from cavendish.db import ids
from cavendish.http.problems import Problem
from generations.accept.funnel import check_active, request_spool
from generations.compat.openai.representation import failure_json, images_json, model_json
from generations.compat.openai.translation import FORMS, Translation, form_body
from generations.compat.openai.views import OpenAIView, failure_response
from generations.compat.shared.fan_out import jobs_accept, jobs_load, jobs_wait, pictures, wait_on
from generations.compat.shared.json_stream import json_chunks
from generations.compat.shared.pointer_map import errors_placed
from generations.compat.shared.resubmissions import Resubmission, jobs_of_replay
from generations.models import TERMINAL, Status
from generations.request import body_read
from generations.selectors import model_offered, models_offered


class ImageView(OpenAIView):
    replays = Replay.RERUN
    scopes = {"POST": "generate", "GET": "generate"}
    makes_pictures = ("POST",)

    def get(self, request: Request) -> HttpResponseBase:
        """The answer that a waiting client gets. Only the layer in front may ask."""
        form = request.query_params.get("form")
        if not resumed_by_wait_layer(request) or form not in FORMS:
            raise MethodNotAllowed("GET")
        details = jobs_load(principal(request), request)
        if any(detail.generation.status not in TERMINAL for detail in details):
            answer = _unfinished([ids.encode(ids.GENERATION, detail.generation.id) for detail in details])
            wait_on(answer, request, details)
            return answer
        if not pictures(details):
            failed = next((w for w in details if w.generation.status != Status.SUCCEEDED), details[0])
            return failure_response(failure_json(failed.generation.error))
        return StreamingHttpResponse(json_chunks(images_json(details, form)), content_type="application/json")

    def accept(
        self,
        request: Request,
        body: dict[str, Any],
        images: Sequence[UploadedFile[Any]] | None = None,
        resubmission: Resubmission | None = None,
    ) -> HttpResponse:
        """Makes jobs of a body and has the client wait for them.

        Without `resubmission` where the bytes do not tell a request from others: a form has another boundary each time.
        """
        who = principal(request)
        translation = Translation()
        images_request = translation.parse(body, images)
        with errors_placed(translation.placed):
            jobs = (resubmission.jobs() if resubmission else jobs_of_replay()) or jobs_accept(who, images_request.trees)
        answer = _unfinished([ids.encode(ids.GENERATION, job) for job in jobs])
        jobs_wait(answer, request, jobs, f"form={images_request.form}")
        if resubmission:
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
            return self.accept(request, body, resubmission=resubmission)


class ImageEdits(ImageView):
    parser_classes = (MultiPartParser,)

    def post(self, request: Request) -> HttpResponse:
        """Makes `n` pictures from words and pictures, sent as `image` or `image[]`."""
        check_active(principal(request))
        images: list[UploadedFile[Any]] = []
        values: dict[str, str] = {}
        for name, uploads in request.FILES.lists():
            if name in {"image", "image[]"} or name.startswith("image["):
                images += uploads
            else:
                values[name] = "a file"
        values |= {name: str(value) for name, value in request._request.POST.items()}
        return self.accept(request, form_body(values), images)


class ModelList(OpenAIView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        who = principal(request)
        data = [model_json(model) for model in models_offered(who)]
        return JsonResponse({"object": "list", "data": data})


class ModelDetail(OpenAIView):
    scopes = {"GET": "read"}

    def get(self, request: Request, model_id: str) -> JsonResponse:
        model = model_offered(principal(request), model_id)
        if model is None:
            raise Problem(404, "model_not_found", "There is no such model.")
        return JsonResponse(model_json(model))


def _unfinished(jobs: Sequence[str]) -> HttpResponse:
    """The answer for a client whose wait ended before the jobs did: an error after which its library does not retry."""
    pointers = " and ".join(f"/api/v1/generations/{job}" for job in jobs)
    message = f"The answer is not there yet; it is going to be at {pointers}. Do not send it again."
    return failure_response({"message": message, "type": "image_generation_error", "code": "not_finished"})
