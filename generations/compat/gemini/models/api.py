"""`/v1/models` in Google's words, with our limits."""

from __future__ import annotations

from django.http import JsonResponse
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.idempotency import Replay
from cavendish.http.problems import Problem, clip, not_found
from generations.compat.gemini.models.representation import model_json
from generations.compat.gemini.paging import list_check
from generations.compat.gemini.views import GoogleView
from generations.selectors import model_offered, models_offered


class ModelList(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        """Lists all at once, without `nextPageToken`, which the JavaScript SDK would follow for ever."""
        list_check(request)
        who = principal(request)
        return JsonResponse({"models": [model_json(model) for model in models_offered(who)]})


class ModelDetail(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request, model_id: str) -> JsonResponse:
        model = model_offered(principal(request), model_id)
        if model is None:
            raise not_found()
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
