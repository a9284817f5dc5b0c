"""`/v1/models` in Google's words, with our limits."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.idempotency import Replay
from cavendish.http.problems import Problem, clip
from generations.compat.gemini.models.representation import model_json
from generations.compat.gemini.paging import list_check, no_page, page_size, page_token
from generations.compat.gemini.views import GoogleView
from generations.request.hints import model_missing
from generations.selectors import model_offered, models_offered

PAGE_SIZE = 50
"""Google's own for this list."""


class ModelList(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        """Lists the models that the key may use; a page's token is the last model's id."""
        list_check(request)
        models = models_offered(principal(request))
        size, token = page_size(request, usual=PAGE_SIZE), page_token(request)
        ids = [model.id for model in models]
        if token and token not in ids:
            raise no_page()
        begin = ids.index(token) + 1 if token else 0
        page: dict[str, Any] = {"models": [model_json(model) for model in models[begin : begin + size]]}
        if begin + size < len(models):
            page["nextPageToken"] = ids[begin + size - 1]
        return JsonResponse(page)


class ModelDetail(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request, model_id: str) -> JsonResponse:
        who = principal(request)
        model = model_offered(who, model_id)
        if model is None:
            raise model_missing(model_id, models_offered(who), see="/v1/models")
        return JsonResponse(model_json(model))


class OtherMethod(GoogleView):
    """A method that no model here has, as `embedContent`, or that this one has not, as `predict`."""

    replays = Replay.RERUN
    scopes = {"GET": "read", "POST": "read"}

    def get(self, request: Request, model_id: str, method: str) -> JsonResponse:
        version = request.path.split("/")[1]
        raise Problem(
            404,
            "not_found",
            f"models/{clip(model_id, 80)} is not found for API version {version}, or is not supported for"
            f" {clip(method, 80)}. Call ListModels to see the list of available models and their supported methods.",
        )

    post = get


class TunedModels(GoogleView):
    """Tuned models: there are none; the Python SDK asks all the same when told to list other than base models."""

    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        list_check(request)
        return JsonResponse({})
