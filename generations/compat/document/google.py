"""The shapes of Google's addresses: generateContent, interactions, files, batches, webhooks, models, Imagen."""

from __future__ import annotations

from cavendish.http.shapes import (
    ANY_OBJECT,
    MOMENT,
    NUMBER,
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
from generations.api import request_shapes as ours
from generations.compat.document.operations import query
from generations.compat.gemini.interactions.representation import STATUS
from generations.compat.gemini.webhooks.api import EVENTS

SECURITY: list[dict[str, list[str]]] = [{"x-goog-api-key": []}, {"bearer": []}, {"key": []}]
_Detail = {"anyOf": [obj({"code": WHOLE, "message": TEXT, "status": TEXT}), obj({"code": TEXT, "message": TEXT})]}
Error = define("GoogleError", obj({"error": about(_Detail, "`code` is a word on interactions, a number elsewhere.")}))
RESPONSES = {
    "GoogleError": {
        "description": "`error.message` names all that is wrong.",
        "content": {"application/json": {"schema": Error}},
    }
}
PARAMETERS = {
    "pageSize": query("pageSize", WHOLE, "Up to 100; 10 when absent."),
    "pageToken": query("pageToken", TEXT, "`nextPageToken` of the page before."),
}
PAGING = [{"$ref": f"#/components/parameters/{name}"} for name in PARAMETERS]
ERRORS = dict.fromkeys((400, 401, 403, 404, 429), "GoogleError")
Empty = define("GoogleEmpty", obj())
_TokenCounts = listed(obj({"modality": TEXT, "tokenCount": WHOLE}))

Part = define(
    "GooglePart",
    obj(
        optional={
            "text": TEXT,
            "inlineData": obj({"mimeType": TEXT, "data": TEXT}),
            "fileData": obj({"fileUri": TEXT}, {"mimeType": TEXT}),
            "thought": TRUTH,
            "thoughtSignature": TEXT,
        }
    ),
)
Content = define("GoogleContent", obj({"parts": listed(Part)}, {"role": one_of(["user", "model"])}))
_ImageConfig = obj(optional={"aspectRatio": ours.AspectRatio, "imageSize": ours.ImageSize})
_ImageFormat = obj(
    optional={
        "aspectRatio": ours.AspectRatio,
        "imageSize": ours.ImageSize,
        "mimeType": TEXT,
        "delivery": one_of(["INLINE", "URI"]),
    }
)
Config = define(
    "GoogleGenerationConfig",
    obj(
        optional={
            "responseModalities": listed(TEXT),
            "imageConfig": _ImageConfig,
            "responseFormat": about(ANY_OBJECT, "`image` and `text`, or a list of them.")
            | {"properties": {"image": _ImageFormat}},
            "temperature": NUMBER,
            "topP": NUMBER,
            "seed": WHOLE,
            "maxOutputTokens": WHOLE,
            "stopSequences": listed(TEXT),
            "thinkingConfig": obj(optional={"thinkingLevel": TEXT, "includeThoughts": TRUTH}),
            "candidateCount": {"type": "integer", "enum": [1]},
        }
    ),
)
ContentRequest = define(
    "GoogleContentRequest",
    obj(
        {"contents": {"anyOf": [listed(Content), Content]}},
        {
            "systemInstruction": Content,
            "generationConfig": Config,
            "tools": listed(obj(optional={"googleSearch": ANY_OBJECT})),
            "safetySettings": listed(obj({"category": TEXT, "threshold": TEXT})),
            "labels": TEXTS,
        },
    ),
)
_Chunk = obj(
    optional={
        "web": obj({"uri": TEXT, "title": TEXT}),
        "image": obj({"sourceUri": TEXT, "title": TEXT}, {"domain": TEXT}),
    }
)
_Segment = obj({"partIndex": WHOLE, "startIndex": WHOLE, "endIndex": WHOLE, "text": TEXT})
Grounding = define(
    "GoogleGrounding",
    obj(
        optional={
            "webSearchQueries": listed(TEXT),
            "imageSearchQueries": listed(TEXT),
            "searchEntryPoint": obj({"renderedContent": TEXT}),
            "groundingChunks": listed(_Chunk),
            "groundingSupports": listed(obj({"segment": _Segment, "groundingChunkIndices": listed(WHOLE)})),
        }
    ),
)
_COUNTS = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")
_FURTHER = ("thoughtsTokenCount", "cachedContentTokenCount", "toolUsePromptTokenCount")
_DETAILS = ("promptTokensDetails", "candidatesTokensDetails", "cacheTokensDetails", "toolUsePromptTokensDetails")
Usage = define(
    "GoogleUsage",
    obj(dict.fromkeys(_COUNTS, WHOLE), dict.fromkeys(_FURTHER, WHOLE) | dict.fromkeys(_DETAILS, _TokenCounts)),
)
ContentResponse = define(
    "GoogleContentResponse",
    obj(
        {
            "candidates": listed(
                obj(
                    {"index": WHOLE, "content": Content},
                    {"finishReason": TEXT, "finishMessage": TEXT, "groundingMetadata": Grounding},
                )
            ),
            "modelVersion": TEXT,
            "responseId": about(TEXT, "The id of the generation."),
            "createTime": MOMENT,
        },
        {"usageMetadata": about(Usage, "In the last chunk of a stream.")},
    ),
)
CountRequest = define(
    "GoogleCountRequest", obj(optional={"contents": listed(Content), "generateContentRequest": ANY_OBJECT})
)
TokenCount = define("GoogleTokenCount", obj({"totalTokens": WHOLE, "promptTokensDetails": _TokenCounts}))

InteractionRequest = define(
    "InteractionRequest",
    obj(
        {"model": TEXT, "input": ours.Input},
        {
            "system_instruction": TEXT,
            "response_format": ours.ResponseFormat,
            "generation_config": ours.GenerationConfig,
            "tools": ours.Tools,
            "safety_settings": ours.SafetySettings,
            "previous_interaction_id": TEXT,
            "labels": TEXTS,
            "store": TRUTH,
            "background": TRUTH,
            "stream": TRUTH,
            "webhook_config": obj(optional={"uris": listed(TEXT), "user_metadata": ANY_OBJECT}),
        },
    ),
)
Interaction = define(
    "Interaction",
    obj(
        {
            "id": TEXT,
            "object": TEXT,
            "model": TEXT,
            "status": one_of([*dict.fromkeys(STATUS.values()), "incomplete"]),
            "created": MOMENT,
            "updated": MOMENT,
        },
        {
            "role": TEXT,
            "input": listed(ANY_OBJECT),
            "steps": listed(obj({"type": TEXT}, {"content": listed(ANY_OBJECT)}) | {"additionalProperties": True}),
            "usage": ANY_OBJECT,
            "errors": listed(obj({"code": TEXT, "message": TEXT})),
            "previous_interaction_id": TEXT,
            "labels": TEXTS,
        },
    ),
)
InteractionEvent = define(
    "InteractionEvent",
    {
        **obj(
            {"event_type": TEXT},
            {"event_id": TEXT, "interaction": ANY_OBJECT, "index": WHOLE, "step": ANY_OBJECT, "delta": ANY_OBJECT},
            "The data of an event: interaction.created, step.start, step.delta and so on.",
        ),
        "additionalProperties": True,
    },
)
File = define(
    "GoogleFile",
    obj(
        {"name": TEXT, "mimeType": TEXT, "createTime": MOMENT, "updateTime": MOMENT, "uri": TEXT, "state": TEXT},
        dict.fromkeys(("displayName", "sizeBytes", "sha256Hash", "source", "downloadUri"), TEXT)
        | {"expirationTime": MOMENT},
    ),
)
Files = define("GoogleFiles", obj(optional={"files": listed(File), "nextPageToken": TEXT}))
Uploaded = define("GoogleUploaded", obj(optional={"file": File}))
Model = define(
    "GoogleModel",
    obj(
        {
            **dict.fromkeys(("name", "version", "displayName", "description"), TEXT),
            "inputTokenLimit": WHOLE,
            "outputTokenLimit": WHOLE,
            "supportedGenerationMethods": listed(TEXT),
            "thinking": TRUTH,
        }
    ),
)
Models = define("GoogleModels", obj({"models": listed(Model)}, {"nextPageToken": TEXT}))
TunedModels = define("GoogleTunedModels", obj(optional={"tunedModels": listed(Model)}))
BatchRequest = define("GoogleBatchRequest", obj({"batch": ANY_OBJECT}))
Operation = define(
    "GoogleOperation", obj({"name": TEXT, "metadata": ANY_OBJECT}, {"done": TRUTH, "response": ANY_OBJECT})
)
Operations = define("GoogleOperations", obj(optional={"operations": listed(Operation), "nextPageToken": TEXT}))
_Events = listed(one_of(EVENTS))
WebhookRequest = define("GoogleWebhookRequest", obj({"uri": TEXT, "subscribed_events": _Events}, {"name": TEXT}))
WebhookChange = define(
    "GoogleWebhookChange", obj(optional={"uri": TEXT, "subscribed_events": _Events, "name": TEXT, "state": TEXT})
)
Webhook = define(
    "GoogleWebhook",
    obj(
        {
            **dict.fromkeys(("id", "name", "uri", "state"), TEXT),
            "subscribed_events": listed(TEXT),
            "signing_secrets": listed(obj({"truncated_secret": TEXT}, {"expire_time": nullable(MOMENT)})),
            "create_time": MOMENT,
            "update_time": MOMENT,
        },
        {"new_signing_secret": about(TEXT, "When it is created; shown only once.")},
    ),
)
Webhooks = define("GoogleWebhooks", obj({"webhooks": listed(Webhook)}, {"next_page_token": TEXT}))
Rotation = define("GoogleRotation", obj(optional={"revocation_behavior": TEXT}))
Rotated = define("GoogleRotated", obj(optional={"secret": TEXT}))
PredictRequest = define(
    "ImagenRequest",
    obj({"instances": listed(obj({"prompt": TEXT}))}, {"parameters": about(ANY_OBJECT, "sampleCount, aspectRatio, …")}),
)
_Prediction = obj(optional={"bytesBase64Encoded": TEXT, "mimeType": TEXT, "raiFilteredReason": TEXT})
Predictions = define("ImagenPredictions", obj(optional={"predictions": listed(_Prediction)}))
