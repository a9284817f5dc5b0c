"""OpenAPI shapes of batches and their items; what a batch is made of stands with what a generation is made of."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import CREATED, FieldProblem, Page, ProblemDetails
from generations.models import BatchStatus, ItemStatus

STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=list(BatchStatus.values))
ASKERS = [
    OpenApiParameter("key_id", OpenApiTypes.STR, description="Those that this key asked for."),
    OpenApiParameter("member_id", OpenApiTypes.STR, description="Those that count for this person."),
]
METADATA = OpenApiParameter(
    "metadata.NAME", OpenApiTypes.STR, description="Those whose metadata has this value for NAME."
)
BATCH_FILTERS = [
    STATUS,
    *CREATED,
    OpenApiParameter("model", OpenApiTypes.STR, description="Of batches that came through the Gemini API."),
    *ASKERS,
    METADATA,
]
ITEM_KEY = OpenApiParameter("key", OpenApiTypes.STR, description="The item of this name.")
ITEM_STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=list(ItemStatus.values))


class BatchCounts(s.Serializer[object]):
    total = s.IntegerField()
    waiting = s.IntegerField(help_text="Not yet a generation: read, held and billed later.")
    in_progress = s.IntegerField()
    succeeded = s.IntegerField()
    failed = s.IntegerField()
    canceled = s.IntegerField()
    expired = s.IntegerField(help_text="Had not started when the batch's time was over; not charged.")


class Batch(s.Serializer[object]):
    """Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=BatchStatus.choices)
    name = s.CharField()
    model = s.CharField(allow_null=True, help_text="Of batches that came through the Gemini API.")
    livemode = s.BooleanField()
    metadata = s.DictField(child=s.CharField())
    counts = BatchCounts()
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(help_text="What has not started by then expires, uncharged.")
    cancel_requested_at = s.DateTimeField(allow_null=True)
    refused_since = s.DateTimeField(
        allow_null=True, help_text="Since when a budget or the wallet has had no room for the next item."
    )
    input_file_id = s.CharField(allow_null=True)
    items_url = s.CharField()
    results_url = s.CharField()


class ItemError(ProblemDetails):
    status = s.IntegerField(required=False, help_text="Where the request of the item was refused.")
    code = s.CharField()
    message = s.CharField()
    errors = FieldProblem(many=True)


class BatchItem(s.Serializer[object]):
    object = s.CharField()
    index = s.IntegerField()
    key = s.CharField()
    status = s.ChoiceField(choices=ItemStatus.choices)
    generation_id = s.CharField(allow_null=True)
    error = ItemError(allow_null=True)


class BatchPage(Page):
    data = Batch(many=True)


class BatchItemPage(Page):
    data = BatchItem(many=True)
