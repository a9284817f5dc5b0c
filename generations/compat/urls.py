from __future__ import annotations

from django.urls import include, path

from generations.compat.batches.views import BatchCreate
from generations.compat.files import FileDetail, FileDownload, FileList
from generations.compat.interactions import InteractionCancel, InteractionDetail, InteractionList
from generations.compat.models import ModelDetail, ModelList, TunedModels

urlpatterns = [
    path("interactions", InteractionList.as_view()),
    path("interactions/<str:interaction_id>", InteractionDetail.as_view()),
    path("interactions/<str:interaction_id>/cancel", InteractionCancel.as_view()),
    path("files", FileList.as_view()),
    path("files/<str:file_id>:download", FileDownload.as_view()),
    path("files/<str:file_id>", FileDetail.as_view()),
    path("", include("generations.compat.batches.urls")),
    path("models", ModelList.as_view()),
    path("models/", include("generations.compat.content.urls")),
    path("models/<str:model_id>:batchGenerateContent", BatchCreate.as_view()),
    path("models/", include("generations.compat.imagen.urls")),
    path("publishers/google/models/", include("generations.compat.imagen.urls")),
    path("models/<str:model_id>", ModelDetail.as_view()),
    path("tunedModels", TunedModels.as_view()),
]
