from __future__ import annotations

from django.urls import include, path

from generations.api.batches import BatchCancel, BatchDetail, BatchItems, BatchList, BatchResults, BatchResultsZip
from generations.api.display import GenerationDisplay, GenerationDisplayPage, ShareLinkDetail, ShareLinkList
from generations.api.events import EventStream, GenerationEvents, StreamTokens
from generations.api.files import FileContent, FileDetail, FileList
from generations.api.generations import GenerationCancel, GenerationDetail, GenerationList, GenerationTimeline
from generations.api.models import ModelDetail, ModelList
from generations.api.outputs import OutputContent, OutputDetail, OutputList
from generations.api.quotes import QuoteCreate
from generations.api.templates import PromptGuide, TemplateDetail, TemplateList, TemplatePreview
from generations.collections.api import CollectionDetail, CollectionList, CollectionOutputDetail, CollectionOutputs
from generations.holds.api import LegalHoldDetail, LegalHoldList
from generations.jobs.operator_api import TenantJobCancel, TenantJobContent, TenantJobDetail, TenantJobRunAgain

urlpatterns = [
    path("generations", GenerationList.as_view()),
    path("generations/<str:generation_id>", GenerationDetail.as_view()),
    path("generations/<str:generation_id>/timeline", GenerationTimeline.as_view()),
    path("generations/<str:generation_id>/display", GenerationDisplay.as_view()),
    path("generations/<str:generation_id>/display.html", GenerationDisplayPage.as_view()),
    path("generations/<str:generation_id>/share-links", ShareLinkList.as_view()),
    path("share-links/<str:share_link_id>", ShareLinkDetail.as_view()),
    path("generations/<str:generation_id>/cancel", GenerationCancel.as_view()),
    path("generations/<str:generation_id>/events", GenerationEvents.as_view()),
    path("events", EventStream.as_view()),
    path("stream-tokens", StreamTokens.as_view()),
    path("batches", BatchList.as_view()),
    path("batches/<str:batch_id>", BatchDetail.as_view()),
    path("batches/<str:batch_id>/cancel", BatchCancel.as_view()),
    path("batches/<str:batch_id>/items", BatchItems.as_view()),
    path("batches/<str:batch_id>/results", BatchResults.as_view()),
    path("batches/<str:batch_id>/results.zip", BatchResultsZip.as_view()),
    path("tenants/<str:tenant_id>/legal-holds", LegalHoldList.as_view()),
    path("tenants/<str:tenant_id>/legal-holds/<str:hold_id>", LegalHoldDetail.as_view()),
    path("tenants/<str:tenant_id>/generations/<str:generation_id>", TenantJobDetail.as_view()),
    path("tenants/<str:tenant_id>/generations/<str:generation_id>/cancel", TenantJobCancel.as_view()),
    path("tenants/<str:tenant_id>/generations/<str:generation_id>/run-again", TenantJobRunAgain.as_view()),
    path("tenants/<str:tenant_id>/generations/<str:generation_id>/content", TenantJobContent.as_view()),
    path("outputs", OutputList.as_view()),
    path("outputs/<str:output_id>", OutputDetail.as_view()),
    path("outputs/<str:output_id>/content", OutputContent.as_view()),
    path("collections", CollectionList.as_view()),
    path("collections/<str:collection_id>", CollectionDetail.as_view()),
    path("collections/<str:collection_id>/outputs", CollectionOutputs.as_view()),
    path("collections/<str:collection_id>/outputs/<str:output_id>", CollectionOutputDetail.as_view()),
    path("files", FileList.as_view()),
    path("files/<str:file_id>", FileDetail.as_view()),
    path("files/<str:file_id>/content", FileContent.as_view()),
    path("models", ModelList.as_view()),
    path("models/<str:model_id>", ModelDetail.as_view()),
    path("templates", TemplateList.as_view()),
    path("templates/guide", PromptGuide.as_view()),
    path("templates/<str:template_id>", TemplateDetail.as_view()),
    path("templates/<str:template_id>/preview", TemplatePreview.as_view()),
    path("quotes", QuoteCreate.as_view()),
    path("", include("generations.guard.urls")),
]
