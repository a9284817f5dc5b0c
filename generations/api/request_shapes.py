"""The shapes of a request's parts, for OpenAPI: what serializers cannot say, as `generations.request` reads it.

Sizes, ratios and the like are those of all models in the catalog; each model takes some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cavendish.gemini.catalog import Model, models
from cavendish.http.shapes import (
    ANY_OBJECT,
    TEXT,
    TEXTS,
    TRUTH,
    WHOLE,
    about,
    define,
    listed,
    nullable,
    obj,
    one_of,
)
from generations.request.content import ROLES
from generations.request.replay import SEARCH_TYPES
from generations.request.settings import (
    INT32,
    MAX_METADATA_KEYS,
    MAX_METADATA_VALUE_CHARS,
    MAX_STOP_SEQUENCE_CHARS,
    MAX_STOP_SEQUENCES,
    SAFETY_METHODS,
    SAFETY_THRESHOLDS,
    SAFETY_TYPES,
)
from generations.request.webhooks import EVENTS


def of_models(values: Callable[[Model], Iterable[str]]) -> list[str]:
    """Returns what any model has, in the order in which they name it."""
    return list(dict.fromkeys(value for model in models() for value in values(model)))


SIZES = of_models(lambda model: model.sizes)
RATIOS = of_models(lambda model: model.aspect_ratios)
LEVELS = of_models(lambda model: model.thinking_levels)
MIME_TYPES = of_models(lambda model: model.output_mime_types)

ImageSize = define("ImageSize", about(one_of(SIZES), "Each model makes some of these: see `image_sizes` of a model."))
AspectRatio = define(
    "AspectRatio", about(one_of(RATIOS), "Each model makes some of these: see `aspect_ratios` of a model.")
)

_SOURCE = {
    "uri": about(TEXT, "An https address, or one of this platform's."),
    "file_id": TEXT,
    "mime_type": TEXT,
}
_DATA = {"data": {"type": "string", "contentEncoding": "base64"}}
TextContent = define("TextContent", obj({"type": one_of(["text"]), "text": TEXT}, {"annotations": listed(ANY_OBJECT)}))
ImageContent = define(
    "ImageContent",
    obj(
        {"type": one_of(["image"])},
        {**_DATA, **_SOURCE, "output_id": TEXT, "role": one_of(ROLES)},
        "Exactly one of data, uri, file_id and output_id.",
    ),
)
VideoContent = define(
    "VideoContent", obj({"type": one_of(["video"])}, {**_DATA, **_SOURCE}, "Exactly one of data, uri and file_id.")
)
InputContent = define("InputContent", {"anyOf": [TextContent, ImageContent, VideoContent]})
_CONTENT = {"content": {"anyOf": [TEXT, InputContent, listed(InputContent)]}}
_SIGNATURE = {"signature": TEXT}
_Queries = obj({"queries": listed(TEXT)})
_Suggestions = listed(obj(optional={"search_suggestions": TEXT}))
_STEPS = {
    "ContentStep": obj({"type": one_of(["user_input", "model_output"]), **_CONTENT}),
    "Turn": obj({"role": one_of(["user", "model"]), **_CONTENT}),
    "ThoughtStep": obj({"type": one_of(["thought"])}, {"summary": listed(TextContent), **_SIGNATURE}),
    "SearchCallStep": obj(
        {"type": one_of(["google_search_call"])},
        {"id": TEXT, "search_type": one_of(SEARCH_TYPES), "arguments": _Queries, **_SIGNATURE},
    ),
    "SearchResultStep": obj(
        {"type": one_of(["google_search_result"])},
        {"call_id": TEXT, "result": _Suggestions, "is_error": TRUTH, **_SIGNATURE},
    ),
}
InputStep = define(
    "InputStep",
    about(
        {"anyOf": [define(name, step) for name, step in _STEPS.items()]},
        "A step of a conversation: of the user, or of the model, as it came in an earlier answer.",
    ),
)
Input = define(
    "Input",
    about(
        {"anyOf": [TEXT, InputContent, listed({"anyOf": [TEXT, InputContent, InputStep]})]},
        "A text, a content object, a list of content, or a list of steps to send a whole conversation.",
    ),
)

ImageFormat = define(
    "ImageFormat",
    obj(
        {"type": one_of(["image"])},
        {"aspect_ratio": AspectRatio, "image_size": ImageSize, "mime_type": one_of(MIME_TYPES)},
    ),
)
TextFormat = define("TextFormat", obj({"type": one_of(["text"])}))
ResponseFormat = define(
    "ResponseFormat",
    about(
        {"anyOf": [ImageFormat, TextFormat, listed({"anyOf": [ImageFormat, TextFormat]})]},
        "One image format at most. Without it text and a picture come; with an image format alone no text.",
    ),
)

GenerationConfig = define(
    "GenerationConfig",
    obj(
        optional={
            "thinking_level": about(one_of(LEVELS), "Each model takes some of these: see `thinking` of a model."),
            "thinking_summaries": one_of(["auto", "none"]),
            "temperature": {"type": "number", "minimum": 0, "maximum": 2},
            "top_p": {"type": "number", "minimum": 0, "maximum": 1},
            "seed": {"type": "integer", "minimum": -INT32, "maximum": INT32 - 1},
            "max_output_tokens": {"type": "integer", "minimum": 1},
            "stop_sequences": listed(
                {"type": "string", "minLength": 1, "maxLength": MAX_STOP_SEQUENCE_CHARS}, maxItems=MAX_STOP_SEQUENCES
            ),
        }
    ),
)
GoogleSearch = define(
    "GoogleSearch",
    obj(
        {"type": one_of(["google_search"])},
        {"search_types": about(listed(one_of(SEARCH_TYPES), minItems=1), "web_search where it is left out.")},
    ),
)
Tools = listed(GoogleSearch)
SafetySettings = listed(
    define(
        "SafetySetting",
        obj({"type": one_of(SAFETY_TYPES), "threshold": one_of(SAFETY_THRESHOLDS)}, {"method": one_of(SAFETY_METHODS)}),
    )
)
Metadata = define(
    "Metadata",
    {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": MAX_METADATA_VALUE_CHARS},
        "maxProperties": MAX_METADATA_KEYS,
    },
)
JobWebhook = define(
    "JobWebhook",
    obj({"url": TEXT}, {"events": listed(one_of(EVENTS))}, "Where its events are sent: all of them, or these."),
)

_Citations = listed({"$ref": "#/components/schemas/Citation"})
TextBlock = define("TextBlock", obj({"type": one_of(["text"]), "text": TEXT, "citations": _Citations}))
ImageBlock = define("ImageBlock", obj({"type": one_of(["image"]), "output_id": TEXT}))
TextThought = define("TextThought", obj({"type": one_of(["text"]), "text": TEXT}))
ImageThought = define(
    "ImageThought", obj({"type": one_of(["image"]), "url": about(nullable(TEXT), "Signed; null once it is erased.")})
)

# Requests of the compatible APIs are shown too, in the words of Gemini's interactions: none of the fields is sure to be
# there, there are others, and what was sent was sometimes written otherwise than is described.
SentRequest = define(
    "SentRequest",
    {
        **obj(
            optional={
                "model": TEXT,
                "input": {"anyOf": [Input, ANY_OBJECT, listed(ANY_OBJECT)]},
                "template": obj({"id": TEXT, "version": WHOLE, "values": TEXTS}, {"language": TEXT}),
                "system_instruction": TEXT,
                "response_format": {"anyOf": [ResponseFormat, ANY_OBJECT, listed(ANY_OBJECT)]},
                "generation_config": GenerationConfig,
                "tools": Tools,
                "max_images": WHOLE,
                "previous_generation_id": TEXT,
                "n": WHOLE,
                "store": TRUTH,
                "deadline": {"type": "number"},
                "metadata": TEXTS,
                "safety_settings": SafetySettings,
                "webhook": JobWebhook,
            },
            text="The request as it was sent, without bytes: `file_id` stands in their place. Empty after deletion.",
        ),
        "additionalProperties": True,
    },
)
