"""The native API's shapes for OpenAPI. They describe what `rendering` writes and what `generations.request` reads."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers as s

from billing.charges.schema import ChargeLine, Usage
from cavendish.http.schema import CREATED, Page
from cavendish.http.shapes import Shaped, listed, nullable
from generations.api import request_shapes as shapes
from generations.batches.schema import ASKERS, METADATA
from generations.derivatives.sizes import FORMATS, WIDTHS
from generations.errors import ENDED_EARLY, EndReason, ErrorCode
from generations.models import Status
from generations.request import LANGUAGES


class TemplateUse(s.Serializer[object]):
    """A prompt template, and values for its slots."""

    id = s.CharField()
    version = s.IntegerField(required=False, help_text="Defaults to the newest.")
    language = s.ChoiceField(
        choices=LANGUAGES, required=False, help_text="Of the prompt of a builtin template. Defaults to en."
    )
    values = s.DictField(child=s.CharField(), required=False)


class GenerationRequest(s.Serializer[object]):
    """What to make. The same body as the Gemini Interactions API's, and a few fields of ours."""

    model = s.CharField(help_text='For example "gemini-3.1-flash-image"; see /api/v1/models.')
    input = Shaped(
        shapes.Input, required=False, help_text="With `template` it holds pictures and videos only, or is left out."
    )
    template = TemplateUse(required=False, help_text="In place of a text: see /api/v1/templates.")
    system_instruction = s.CharField(required=False)
    response_format = Shaped(shapes.ResponseFormat, required=False)
    generation_config = Shaped(shapes.GenerationConfig, required=False)
    tools = Shaped(shapes.Tools, required=False)
    max_images = s.IntegerField(required=False, min_value=1, help_text="Sizes the hold; models do not promise a count.")
    previous_generation_id = s.CharField(required=False, help_text="The turn that this one continues.")
    n = s.IntegerField(
        required=False,
        min_value=1,
        max_value=8,
        help_text="So many variants: a generation for each, accepted together or not at all.",
    )
    store = s.BooleanField(required=False, default=True)
    deadline = s.FloatField(
        required=False,
        min_value=1,
        max_value=86_400,
        help_text="Seconds in which it is to end; else it fails with deadline_exceeded.",
    )
    metadata = Shaped(shapes.Metadata, required=False)
    safety_settings = Shaped(shapes.SafetySettings, required=False)
    webhook = Shaped(shapes.JobWebhook, required=False)


class Citation(s.Serializer[object]):
    url = s.CharField()
    title = s.CharField()
    start_index = s.IntegerField(help_text="UTF-8 bytes into the text block.")
    end_index = s.IntegerField(help_text="Exclusive.")
    text = s.CharField()


class Provenance(s.Serializer[object]):
    ai_generated = s.BooleanField()
    sandbox = s.BooleanField(help_text="Drawn by the sandbox; the watermark is then simulated.")
    model = s.CharField()
    watermark = s.CharField(allow_null=True)
    c2pa = s.ChoiceField(choices=["present", "absent"], help_text="Content Credentials; present, not verified.")


class Preview(s.Serializer[object]):
    width = s.IntegerField()
    height = s.IntegerField()
    mime_type = s.CharField()
    url = s.CharField(help_text="Signed; it opens this size only.")


class Output(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    generation_id = s.CharField()
    index = s.IntegerField()
    mime_type = s.CharField()
    width = s.IntegerField()
    height = s.IntegerField()
    bytes = s.IntegerField()
    sha256 = s.CharField(help_text="Of the bytes as the upstream sent them.")
    tokens = s.IntegerField()
    url = s.CharField(help_text="Signed; the signature is the last query parameter.")
    url_expires_at = s.DateTimeField(help_text="Of the smaller pictures' URLs too.")
    thumbnail_url = s.CharField(help_text="A WebP picture 512 pixels wide, or as wide as the original.")
    previews = Preview(many=True, help_text="The widths there are of it, for srcset; made when they are first read.")
    provenance = Provenance()
    favorite = s.BooleanField(help_text="The tenant's favorite: all its keys and members share it.")
    rating = s.IntegerField(allow_null=True, help_text="1 to 5; null: not rated.")
    grounded = s.BooleanField(help_text="Show it with `grounding`, or link `page_url`: the grounding terms ask for it.")
    page_url = s.CharField(help_text="A page that shows the picture with all that belongs to it.")


class Grounding(s.Serializer[object]):
    search_queries = s.ListField(child=s.CharField())
    search_suggestions = s.ListField(child=s.CharField(), help_text="HTML that must be shown beside the picture.")
    citations = Citation(many=True)


class OutputAlone(Output):
    grounding = Grounding()


class Charge(s.Serializer[object]):
    status = s.ChoiceField(choices=["held", "charged", "not_charged"])
    reason = s.CharField(allow_null=True)
    amount = s.CharField(help_text="Nine decimal places; what is held while the generation has not ended.")
    currency = s.CharField()
    lines = ChargeLine(many=True)


class GenerationError(s.Serializer[object]):
    code = s.ChoiceField(choices=list(ErrorCode))
    message = s.CharField()


class Notice(s.Serializer[object]):
    """What differs from what was asked or listed, or what to know; which of the fields are there depends on `code`."""

    code = s.ChoiceField(
        choices=[
            "size_differs",
            "mime_type_differs",
            "tokens_differ",
            "images_not_delivered",
            "model_alias",
            "model_deprecated",
            "history_cut",
            ENDED_EARLY,
        ]
    )
    reason = s.ChoiceField(choices=list(EndReason), required=False, help_text="Why the model ended early.")
    detail = s.CharField(required=False)
    output = s.IntegerField(required=False, help_text="The `index` of the output.")
    expected = Shaped({"type": ["string", "integer"]}, required=False)
    came = Shaped({"type": ["string", "integer"]}, required=False)
    count = s.IntegerField(required=False, help_text="Of pictures.")
    use = s.CharField(required=False, help_text="A model.")


class Generation(s.Serializer[object]):
    """Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=Status.choices)
    model = s.CharField()
    livemode = s.BooleanField()
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    deadline_at = s.DateTimeField()
    attempts = s.IntegerField()
    queue_position = s.IntegerField(allow_null=True, help_text="Among this tenant's own waiting generations.")
    estimated_seconds = s.IntegerField(
        allow_null=True, help_text="Until it has likely ended, by how long the latest of its model and size took."
    )
    previous_generation_id = s.CharField(allow_null=True)
    group_id = s.CharField(allow_null=True, help_text="What the variants of one request (`n`) have in common.")
    batch_id = s.CharField(allow_null=True, help_text="The batch it is an item of.")
    metadata = s.DictField(child=s.CharField())
    tags = s.ListField(child=s.CharField(), help_text="Set by PATCH, at any time.")
    request = Shaped(shapes.SentRequest)
    content = Shaped(listed({"anyOf": [shapes.TextBlock, shapes.ImageBlock]}))
    outputs = Output(many=True)
    thoughts = Shaped(listed({"anyOf": [shapes.TextThought, shapes.ImageThought]}))
    grounding = Grounding()
    usage = Usage()
    charge = Charge()
    error = GenerationError(allow_null=True)
    notices = Notice(many=True)
    page_url = s.CharField(help_text="A page that shows the pictures with all that belongs to them.")


class File(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    name = s.CharField(allow_null=True)
    source = s.ChoiceField(choices=["upload", "inline", "url"])
    mime_type = s.CharField()
    width = s.IntegerField(allow_null=True)
    height = s.IntegerField(allow_null=True)
    bytes = s.IntegerField()
    sha256 = s.CharField()
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class FileUpload(s.Serializer[object]):
    file = s.FileField()


class GenerationEvent(s.Serializer[object]):
    """The `data` of an event of one generation; `event` is its `type`, `id` its place in the stream."""

    type = s.CharField(help_text="generation.queued, generation.running, generation.succeeded and so on.")
    generation_id = s.CharField()
    at = s.DateTimeField()
    old = s.ChoiceField(choices=Status.choices, required=False, allow_null=True)
    new = s.ChoiceField(choices=Status.choices, required=False)
    reason = s.CharField(required=False, allow_null=True)
    attempt = s.IntegerField(required=False)


class TenantEvent(s.Serializer[object]):
    """The `data` of an event of the tenant's; `event` is its `type`, `id` its place in the stream.

    What else is in it depends on `type`.
    """

    type = s.CharField()
    subject = s.CharField(help_text="The id of what the event is about.")
    at = s.DateTimeField()
    generation_id = s.CharField(required=False, help_text="Of events of generations.")


class StreamToken(s.Serializer[object]):
    object = s.CharField()
    token = s.CharField(help_text="For `?token=` of an address of events.")
    expires_at = s.DateTimeField()


class Estimate(s.Serializer[object]):
    amount = s.CharField()
    currency = s.CharField()
    tokens = s.IntegerField()
    by_kind = s.DictField(child=s.IntegerField(), help_text="Tokens of each kind; searches are queries.")
    lines = ChargeLine(many=True)


class Quote(s.Serializer[object]):
    object = s.CharField()
    tier = s.ChoiceField(choices=["standard", "batch"])
    n = s.IntegerField(help_text="How many generations the amounts are of, together.")
    expected = Estimate()
    worst_case = Estimate(help_text="What is held when the generation is accepted; it never costs more.")
    model = s.CharField()
    aspect_ratio = Shaped(nullable(shapes.AspectRatio))
    image_size = Shaped(nullable(shapes.ImageSize))
    width = s.IntegerField(allow_null=True)
    height = s.IntegerField(allow_null=True)
    notes = s.ListField(child=s.CharField())


class BatchRequestItem(s.Serializer[object]):
    key = s.CharField(required=False, help_text="Your name for it; its index when absent.")
    request = GenerationRequest()


class BatchRequest(s.Serializer[object]):
    """One of `items` and `file_id`. The file is JSONL, each line an item; more than a body takes fits into one."""

    items = BatchRequestItem(many=True, required=False)
    file_id = s.CharField(required=False)
    name = s.CharField(required=False, max_length=255)
    metadata = Shaped(shapes.Metadata, required=False)


class GenerationPage(Page):
    data = Generation(many=True)


class GenerationGroup(Page):
    """All variants of one request, in the order in which they were accepted."""

    group_id = s.CharField()
    data = Generation(many=True)


ACCEPTED = PolymorphicProxySerializer(
    component_name="AcceptedGeneration", serializers=[Generation, GenerationGroup], resource_type_field_name=None
)
"""A generation, or with `n` above 1 all of them."""


class OutputPage(Page):
    data = OutputAlone(many=True)


class FilePage(Page):
    data = File(many=True)


PREFER = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER, description="`wait=N`: answer when it has ended, or after N s."
)
CANCEL_AFTER = OpenApiParameter(
    "Cancel-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description="In so many seconds it is canceled, unless it has ended.",
)
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The last id that came: what follows it."
)
AFTER = OpenApiParameter(
    "after", OpenApiTypes.STR, description="The id of an event: what follows it. Last-Event-ID goes before."
)
AFTER_OR_LATEST = OpenApiParameter(
    "after",
    OpenApiTypes.STR,
    description='The id of an event, or "latest": what follows it. Last-Event-ID goes before.',
)
DERIVED = [
    OpenApiParameter(
        "format", OpenApiTypes.STR, enum=list(FORMATS), description="A smaller picture; the original without it."
    ),
    OpenApiParameter(
        "width", OpenApiTypes.INT, enum=list(WIDTHS), description="Its width; never more than the original's."
    ),
]
URL_EXPIRES_IN = OpenApiParameter(
    "url_expires_in", OpenApiTypes.INT, description="How many seconds the links in the answer last, 1 to 604800."
)
TIER = OpenApiParameter(
    "tier", OpenApiTypes.STR, enum=["standard", "batch"], description="As an item of a batch, for example."
)
STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=list(Status.values))
MODEL = OpenApiParameter("model", OpenApiTypes.STR)
FINDING = [
    OpenApiParameter(
        "q", OpenApiTypes.STR, description="Those whose prompt has all these words, in any case and order."
    ),
    OpenApiParameter(
        "tag", OpenApiTypes.STR, many=True, description="Those that have this tag; all of them where it is repeated."
    ),
]
OUTPUT_FILTERS = [
    *FINDING,
    *CREATED,
    MODEL,
    *ASKERS,
    OpenApiParameter("generation_id", OpenApiTypes.STR, description="Those of a generation."),
    OpenApiParameter("favorite", OpenApiTypes.BOOL),
    OpenApiParameter("rating", OpenApiTypes.INT, enum=[1, 2, 3, 4, 5]),
]
FILE_FILTERS = [
    *CREATED,
    OpenApiParameter("name", OpenApiTypes.STR),
    OpenApiParameter("mime_type", OpenApiTypes.STR),
    OpenApiParameter("source", OpenApiTypes.STR, enum=["upload", "inline", "url"]),
]
COLLECTION = OpenApiParameter("collection_id", OpenApiTypes.STR, description="Those of a collection.")
GENERATION_FILTERS = [
    STATUS,
    MODEL,
    *CREATED,
    *ASKERS,
    OpenApiParameter("batch_id", OpenApiTypes.STR, description="The items of a batch."),
    OpenApiParameter("group_id", OpenApiTypes.STR, description="The variants of one request."),
    OpenApiParameter("conversation_id", OpenApiTypes.STR, description="A first turn and all that continue it."),
    OpenApiParameter("error_code", OpenApiTypes.STR, enum=list(ErrorCode)),
    *FINDING,
    METADATA,
]
