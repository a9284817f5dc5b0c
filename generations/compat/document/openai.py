"""OpenAI's addresses: images, chat, models."""

from __future__ import annotations

from typing import Any

from cavendish.http.shapes import (
    ANY_OBJECT,
    NULL,
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    about,
    define,
    listed,
    nullable,
    obj,
    one_of,
)
from generations.api.request_shapes import AspectRatio, ImageSize
from generations.compat.document.operations import operation, path_parameter
from generations.compat.openai.chat.settings import MODALITIES
from generations.compat.openai.translation import FORMS, MAX_N, MAX_PARTIALS

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]

_Failure = obj({"message": TEXT, "type": TEXT, "param": nullable(TEXT), "code": nullable(TEXT)}, {"index": WHOLE})
Failure = define("OpenAIFailure", _Failure)
Error = define("OpenAIError", obj({"error": Failure}))
RESPONSES = {
    "OpenAIError": {
        "description": "`error.code` says what is wrong, `error.param` where.",
        "content": {"application/json": {"schema": Error}},
    }
}
_ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 429, 500, 503, 504), "OpenAIError")
_Count = {"type": "integer", "minimum": 1, "maximum": MAX_N}
_WISHES = {
    "model": about(TEXT, "A model here, or one of OpenAI's names that stands for one."),
    "n": _Count,
    "size": about(TEXT, '"1024x1024" and the like, "16:9", "2K", or auto.'),
    "output_format": one_of(["png", "jpeg"]),
    "quality": one_of(["auto", "standard", "medium"]),
    "response_format": one_of(FORMS),
    "stream": TRUTH,
    "partial_images": {"type": "integer", "minimum": 0, "maximum": MAX_PARTIALS},
    "user": TEXT,
}
ImagesRequest = define("OpenAIImagesRequest", obj({"prompt": TEXT}, _WISHES))
EditsRequest = define(
    "OpenAIEditsRequest",
    obj({"prompt": TEXT, "image": listed({"type": "string", "contentMediaType": "image/*"})}, _WISHES),
)
_Reference = obj(optional={"image_url": about(TEXT, "https, or a data URL."), "file_id": TEXT})
JsonEditsRequest = define(
    "OpenAIJsonEditsRequest",
    obj({"prompt": TEXT, "images": about(listed(_Reference), "Each with an address or with a file's id.")}, _WISHES),
)
_Details = obj({"text_tokens": WHOLE, "image_tokens": WHOLE})
ImagesUsage = define(
    "OpenAIImagesUsage",
    obj(
        {
            "input_tokens": WHOLE,
            "input_tokens_details": _Details,
            "output_tokens": WHOLE,
            "output_tokens_details": _Details,
            "total_tokens": WHOLE,
        }
    ),
)
Images = define(
    "OpenAIImages",
    obj(
        {
            "created": WHOLE,
            "data": listed(obj(optional={"b64_json": TEXT, "url": TEXT})),
            "background": TEXT,
            "size": TEXT,
            "usage": ImagesUsage,
            "model": TEXT,
            "generations": about(listed(TEXT), "The ids of the generations, one for each picture that was asked for."),
        },
        {
            "output_format": one_of(["png", "jpeg"]),
            "text": about(TEXT, "What the model wrote beside its pictures."),
            "errors": about(listed(Failure), "Why pictures are missing."),
        },
    ),
)
ImageEvent = define(
    "OpenAIImageEvent",
    obj(
        {"type": TEXT},
        {
            "b64_json": TEXT,
            "partial_image_index": WHOLE,
            "background": TEXT,
            "created_at": WHOLE,
            "output_format": TEXT,
            "quality": TEXT,
            "size": TEXT,
            "usage": ImagesUsage,
            "generation": TEXT,
            "error": Failure,
        },
        "The data of an event: image_generation.partial_image, .completed, .failed; image_edit likewise.",
    ),
)
_Part = {
    "anyOf": [
        obj({"type": one_of(["text"]), "text": TEXT}),
        obj({"type": one_of(["image_url"]), "image_url": obj({"url": about(TEXT, "https, or a data URL.")})}),
    ]
}
_Image = obj({"type": one_of(["image_url"]), "image_url": obj({"url": about(TEXT, "A data URL.")})}, {"index": WHOLE})
ChatRequest = define(
    "OpenAIChatRequest",
    obj(
        {
            "model": TEXT,
            "messages": listed(
                obj({"role": TEXT}, {"content": {"anyOf": [TEXT, listed(_Part), NULL]}, "images": listed(_Image)})
            ),
        },
        {
            "modalities": listed(one_of(MODALITIES)),
            "image_config": obj(optional={"aspect_ratio": AspectRatio, "image_size": ImageSize}),
            "n": _Count,
            "temperature": NUMBER,
            "top_p": NUMBER,
            "seed": WHOLE,
            "max_completion_tokens": WHOLE,
            "stop": {"anyOf": [TEXT, listed(TEXT)]},
            "reasoning_effort": TEXT,
            "stream": TRUTH,
            "stream_options": obj(optional={"include_usage": TRUTH}),
            "extra_body": about(ANY_OBJECT, "`google`, as Google's own compatible API takes it."),
            "user": TEXT,
        },
    ),
)
_Message = obj(
    {"role": TEXT, "content": nullable(TEXT)},
    {
        "images": listed(_Image),
        "refusal": nullable(TEXT),
        "reasoning": nullable(TEXT),
        "annotations": listed(ANY_OBJECT),
    },
)
ChatUsage = define(
    "OpenAIChatUsage",
    obj(
        {"prompt_tokens": WHOLE, "completion_tokens": WHOLE, "total_tokens": WHOLE},
        {
            "prompt_tokens_details": {"type": "object", "additionalProperties": WHOLE},
            "completion_tokens_details": {"type": "object", "additionalProperties": WHOLE},
        },
    ),
)
_HEAD = {"id": TEXT, "object": TEXT, "created": WHOLE, "model": TEXT}
_ALSO = {
    "service_tier": TEXT,
    "system_fingerprint": nullable(TEXT),
    "errors": about(listed(Failure), "Why choices are missing."),
}
_REASON = {"finish_reason": nullable(TEXT)}
Completion = define(
    "OpenAIChatCompletion",
    obj(
        {
            **_HEAD,
            "choices": listed(
                obj({"index": WHOLE, "message": {**_Message, "additionalProperties": True}, **_REASON},
                    {"native_finish_reason": TEXT, "logprobs": NULL})
            ),
            "usage": ChatUsage,
            "generations": listed(TEXT),
        },
        _ALSO,
    ),
)  # fmt: skip
Chunk = define(
    "OpenAIChatChunk",
    obj(
        {
            **_HEAD,
            "choices": listed(obj({"index": WHOLE, "delta": ANY_OBJECT, **_REASON}, {"native_finish_reason": TEXT})),
        },
        {**_ALSO, "usage": ChatUsage},
        "The data of an event; the last is [DONE].",
    ),
)
Model = define("OpenAIModel", obj({"id": TEXT, "object": TEXT, "created": WHOLE, "owned_by": TEXT}))
Models = define("OpenAIModels", obj({"object": TEXT, "data": listed(Model)}))


def _operation(name: str, summary: str, description: str, **parts: Any) -> dict[str, Any]:
    return operation(name, summary, description, tag="openai", errors=_ERRORS, security=SECURITY, **parts)


PATHS: dict[str, dict[str, Any]] = {
    "/openai/v1/images/generations": {
        "post": _operation(
            "openai_images_generate",
            "Makes pictures from words",
            "Each is a generation of its own. With `stream` they come as events.",
            body=ImagesRequest,
            answer=Images,
            events=ImageEvent,
        )
    },
    "/openai/v1/images/edits": {
        "post": _operation(
            "openai_images_edit",
            "Makes pictures from words and pictures",
            "As a form or as JSON. Each is a generation of its own. With `stream` they come as events.",
            body=JsonEditsRequest,
            form=EditsRequest,
            answer=Images,
            events=ImageEvent,
        )
    },
    "/openai/v1/chat/completions": {
        "post": _operation(
            "openai_chat_complete",
            "Answers a conversation with text and pictures",
            "Pictures are in `message.images` as data URLs. With `stream` chunks come.",
            body=ChatRequest,
            answer=Completion,
            events=Chunk,
        )
    },
    "/openai/v1/models": {
        "get": _operation("openai_models_list", "Lists the models", "Those that the key may use.", answer=Models)
    },
    "/openai/v1/models/{model}": {
        "parameters": [path_parameter("model", "The model's id.")],
        "get": _operation("openai_models_get", "Returns a model", "By its id.", answer=Model),
    },
}
