"""Google's addresses, with what each takes and returns."""

from __future__ import annotations

from typing import Any

from cavendish.http.shapes import TEXT, TRUTH, listed, one_of
from generations.compat.document import google
from generations.compat.document.operations import operation, path_parameter, query


def _operation(
    name: str, summary: str, description: str, *, tag: str = "gemini", ends: tuple[int, ...] = (), **parts: Any
) -> dict[str, Any]:
    """`ends` are the statuses of jobs that ended without an answer."""
    errors = google.ERRORS | dict.fromkeys(ends, "GoogleError")
    return operation(name, summary, description, tag=tag, errors=errors, **parts)


_MODEL = path_parameter("model", "A model's id.")
_UPLOAD = {
    "name": "X-Goog-Upload-Protocol",
    "in": "header",
    "description": "resumable, raw or multipart.",
    "schema": TEXT,
}
PATHS: dict[str, dict[str, Any]] = {
    "/v1beta/models/{model}:generateContent": {
        "parameters": [_MODEL],
        "post": _operation(
            "generate_content",
            "Makes text and pictures",
            "Waits for the end.",
            ends=(409, 499, 500, 503, 504),
            body=google.ContentRequest,
            answer=google.ContentResponse,
        ),
    },
    "/v1beta/models/{model}:streamGenerateContent": {
        "parameters": [_MODEL],
        "post": _operation(
            "stream_generate_content",
            "Makes text and pictures, in chunks",
            "As server-sent events with `alt=sse`, else as a list. It begins at once; a job that ends without an "
            "answer is an `error` in its last chunk.",
            ends=(409,),
            parameters=[query("alt", one_of(["sse", "json"]), "The form of the stream.")],
            body=google.ContentRequest,
            answer=listed(google.ContentResponse),
            events=google.ContentResponse,
        ),
    },
    "/v1beta/models/{model}:countTokens": {
        "parameters": [_MODEL],
        "post": _operation(
            "count_tokens",
            "Counts the tokens of a request",
            "By the rule that quotes use.",
            body=google.CountRequest,
            answer=google.TokenCount,
        ),
    },
    "/v1beta/models/{model}:batchGenerateContent": {
        "parameters": [_MODEL],
        "post": _operation(
            "create_batch",
            "Creates a batch",
            "Of requests inline, or in a file of JSONL.",
            body=google.BatchRequest,
            answer=google.Operation,
        ),
    },
    "/v1beta/models/imagen-{name}:predict": {
        "parameters": [path_parameter("name", "The rest of a name of Imagen's.")],
        "post": _operation(
            "predict",
            "Makes pictures as Imagen did",
            "A Gemini model answers, which the header `Warning` names.",
            tag="imagen",
            ends=(409, 500, 503, 504),
            body=google.PredictRequest,
            answer=google.Predictions,
        ),
    },
    "/v1beta/models": {
        "get": _operation(
            "list_models",
            "Lists the models",
            "Those that the key may use.",
            parameters=google.PAGING,
            answer=google.Models,
        )
    },
    "/v1beta/models/{model}": {
        "parameters": [_MODEL],
        "get": _operation("get_model", "Returns a model", "With its limits.", answer=google.Model),
    },
    "/v1beta/tunedModels": {
        "get": _operation(
            "list_tuned_models",
            "Lists no tuned models",
            "There are none.",
            parameters=google.PAGING,
            answer=google.TunedModels,
        )
    },
    "/v1beta/interactions": {
        "post": _operation(
            "create_interaction",
            "Creates an interaction",
            "Waits for the end, unless it is to run in the background; with `stream` events come.",
            body=google.InteractionRequest,
            answer=google.Interaction,
            events=google.InteractionEvent,
        )
    },
    "/v1beta/interactions/{id}": {
        "parameters": [path_parameter("id", "An interaction's id.")],
        "get": _operation(
            "get_interaction",
            "Returns an interaction",
            "As it stands; with `stream=true` its events up to the end.",
            parameters=[
                query("stream", TRUTH, "As events."),
                query("last_event_id", TEXT, "What follows this event."),
                query("include_input", TRUTH, "With what was sent."),
            ],
            answer=google.Interaction,
            events=google.InteractionEvent,
        ),
        "delete": _operation(
            "delete_interaction", "Erases an ended interaction", "Its charge stays.", answer=google.Empty
        ),
    },
    "/v1beta/interactions/{id}/cancel": {
        "parameters": [path_parameter("id", "An interaction's id.")],
        "post": _operation(
            "cancel_interaction", "Cancels an interaction", "One that has ended stays.", answer=google.Interaction
        ),
    },
    "/upload/v1beta/files": {
        "parameters": [_UPLOAD],
        "post": _operation(
            "upload_file",
            "Uploads a file, or begins to",
            "In one request, or in several: the answer's header `X-Goog-Upload-URL` says where to go on.",
            answer=google.Uploaded,
        ),
        "put": _operation("upload_file_part", "Goes on with an upload", "As POST does.", answer=google.Uploaded),
    },
    "/v1beta/files": {
        "get": _operation("list_files", "Lists files", "Newest first.", parameters=google.PAGING, answer=google.Files)
    },
    "/v1beta/files/{id}": {
        "parameters": [path_parameter("id", "A file's id.")],
        "get": _operation("get_file", "Returns a file", "What is known of it.", answer=google.File),
        "delete": _operation("delete_file", "Deletes a file", "What was made from it stays.", answer=google.Empty),
    },
    "/v1beta/files/{id}:download": {
        "parameters": [path_parameter("id", "A file's id.")],
        "get": _operation(
            "download_file",
            "Returns the bytes of a file",
            "Of results of batches too, as JSONL.",
            answer={"type": "string", "contentMediaType": "*/*"},
            media="*/*",
        ),
    },
    "/v1beta/batches": {
        "get": _operation(
            "list_batches", "Lists batches", "Newest first.", parameters=google.PAGING, answer=google.Operations
        )
    },
    "/v1beta/batches/{id}": {
        "parameters": [path_parameter("id", "A batch's id.")],
        "get": _operation(
            "get_batch", "Returns a batch", "With its answers, once it has ended.", answer=google.Operation
        ),
        "delete": _operation("delete_batch", "Erases an ended batch", "Its generations stay.", answer=google.Empty),
    },
    "/v1beta/batches/{id}:cancel": {
        "parameters": [path_parameter("id", "A batch's id.")],
        "post": _operation("cancel_batch", "Cancels a batch", "What has not started, uncharged.", answer=google.Empty),
    },
    "/v1beta/webhooks": {
        "get": _operation(
            "list_webhooks", "Lists webhooks", "Newest first.", parameters=google.PAGING, answer=google.Webhooks
        ),
        "post": _operation(
            "create_webhook",
            "Creates a webhook",
            "Its secret is only in this answer.",
            body=google.WebhookRequest,
            answer=google.Webhook,
        ),
    },
    "/v1beta/webhooks/{id}": {
        "parameters": [path_parameter("id", "A webhook's id.")],
        "get": _operation("get_webhook", "Returns a webhook", "Without its secret.", answer=google.Webhook),
        "patch": _operation(
            "update_webhook",
            "Changes a webhook",
            "What the body names.",
            parameters=[query("update_mask", TEXT, "The names of the fields that are to change.")],
            body=google.WebhookChange,
            answer=google.Webhook,
        ),
        "delete": _operation("delete_webhook", "Deletes a webhook", "With its deliveries.", answer=google.Empty),
    },
    "/v1beta/webhooks/{id}:ping": {
        "parameters": [path_parameter("id", "A webhook's id.")],
        "post": _operation("ping_webhook", "Sends a webhook an event", "`webhook.test`.", answer=google.Empty),
    },
    "/v1beta/webhooks/{id}:rotateSigningSecret": {
        "parameters": [path_parameter("id", "A webhook's id.")],
        "post": _operation(
            "rotate_webhook_secret",
            "Gives a webhook a new secret",
            "The one before signs for 24 hours more.",
            body=google.Rotation,
            answer=google.Rotated,
        ),
    },
}
PATHS["/v1beta1/publishers/google/models/imagen-{name}:predict"] = {
    **PATHS["/v1beta/models/imagen-{name}:predict"],
    "post": {**PATHS["/v1beta/models/imagen-{name}:predict"]["post"], "operationId": "predict_enterprise"},
}
