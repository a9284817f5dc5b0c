"""Below `/openai/v1/`, and below Google's addresses of the same API."""

from __future__ import annotations

from django.urls import path

from generations.compat.openai.api import ImageEdits, ImageGenerations, ModelDetail, ModelList
from generations.compat.openai.chat.api import ChatCompletions

urlpatterns = [
    path("chat/completions", ChatCompletions.as_view()),
    path("images/generations", ImageGenerations.as_view()),
    path("images/edits", ImageEdits.as_view()),
    path("models", ModelList.as_view()),
    path("models/<str:model_id>", ModelDetail.as_view()),
]
