from __future__ import annotations

from django.urls import path

from generations.compat.gemini.batches.api import BatchCancel, BatchDetail, BatchList

urlpatterns = [
    path("batches", BatchList.as_view()),
    path("batches/<str:batch_id>:cancel", BatchCancel.as_view()),
    path("batches/<str:batch_id>", BatchDetail.as_view()),
]
