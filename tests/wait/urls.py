"""Views of a real Django behind the layer: one accepts a job, one renders it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def create(request: HttpRequest, generation: str) -> HttpResponse:
    answer = JsonResponse({"status": "queued", "prompt": "x" * 1500, "length": len(request.body)}, status=202)
    answer["X-Cavendish-Wait"] = f"gen_{generation};60"
    answer["Location"] = f"/api/v1/generations/gen_{generation}"
    return answer


def render(request: HttpRequest, generation: str) -> HttpResponse:
    internal = request.scope["cavendish.internal"]  # type: ignore[attr-defined]
    answer = JsonResponse({"status": "succeeded", "internal": internal, "prompt": "x" * 1500})
    answer["X-Cavendish-Status"] = "succeeded"
    return answer


urlpatterns = [path("wait/<generation>", create), path("api/v1/generations/gen_<generation>", render)]
