"""Below `models/`."""

from __future__ import annotations

from django.urls import path

from generations.compat.gemini.content.api import ContentAnswer, ContentCount, ContentGenerate, ContentStream

urlpatterns = [
    path("<str:model_id>:generateContent", ContentGenerate.as_view()),
    path("<str:model_id>:streamGenerateContent", ContentStream.as_view()),
    path("<str:model_id>:generateContent/<str:generation_id>", ContentAnswer.as_view()),
    path("<str:model_id>:streamGenerateContent/<str:generation_id>", ContentAnswer.as_view()),
    path("<str:model_id>:countTokens", ContentCount.as_view()),
]
