from __future__ import annotations

from django.urls import include, path

from generations.compat.gemini.batches.api import BatchCreate
from generations.compat.gemini.files.api import FileDetail, FileDownload, FileList
from generations.compat.gemini.interactions.api import InteractionCancel, InteractionDetail, InteractionList
from generations.compat.gemini.models.api import ModelDetail, ModelList, OtherMethod, TunedModels
from generations.compat.gemini.webhooks.api import WebhookDetail, WebhookList, WebhookPing, WebhookRotate

urlpatterns = [
    path("interactions", InteractionList.as_view()),
    path("interactions/<str:interaction_id>", InteractionDetail.as_view()),
    path("interactions/<str:interaction_id>/cancel", InteractionCancel.as_view()),
    path("files", FileList.as_view()),
    path("files/<str:file_id>:download", FileDownload.as_view()),
    path("files/<str:file_id>", FileDetail.as_view()),
    # The SDKs cut a name out of an https address alone: where there is no TLS the whole address comes as the name.
    path("files/<path:address>/files/<str:file_id>:download", FileDownload.as_view()),
    path("files/<path:address>/files/<str:file_id>", FileDetail.as_view()),
    path("", include("generations.compat.gemini.batches.urls")),
    path("webhooks", WebhookList.as_view()),
    path("webhooks/<str:webhook_id>:ping", WebhookPing.as_view()),
    path("webhooks/<str:webhook_id>:rotateSigningSecret", WebhookRotate.as_view()),
    path("webhooks/<str:webhook_id>", WebhookDetail.as_view()),
    path("models", ModelList.as_view()),
    path("models/", include("generations.compat.gemini.content.urls")),
    path("models/<str:model_id>:batchGenerateContent", BatchCreate.as_view()),
    path("models/", include("generations.compat.imagen.urls")),
    path("publishers/google/models/", include("generations.compat.imagen.urls")),
    path("models/<str:model_id>:<str:method>", OtherMethod.as_view()),
    path("models/<str:model_id>", ModelDetail.as_view()),
    path("tunedModels", TunedModels.as_view()),
]
