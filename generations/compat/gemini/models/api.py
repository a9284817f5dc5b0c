"""`/v1/models` in Google's words, with our limits."""

from __future__ import annotations

from django.http import JsonResponse
from rest_framework.request import Request

from accounts.authentication.drf import principal
from cavendish.http.problems import not_found
from generations.compat.gemini.models.representation import model_json
from generations.compat.gemini.views import GoogleView
from generations.selectors import model_offered, models_offered


class ModelList(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        """Lists all at once, without `nextPageToken`, which the JavaScript SDK would follow for ever (WIRE.md 7)."""
        who = principal(request)
        return JsonResponse({"models": [model_json(model) for model in models_offered(who)]})


class ModelDetail(GoogleView):
    scopes = {"GET": "read"}

    def get(self, request: Request, model_id: str) -> JsonResponse:
        model = model_offered(principal(request), model_id)
        if model is None:
            raise not_found()
        return JsonResponse(model_json(model))


class TunedModels(GoogleView):
    """Tuned models: there are none; the Python SDK asks all the same when told to list other than base models."""

    scopes = {"GET": "read"}

    def get(self, request: Request) -> JsonResponse:
        return JsonResponse({})
