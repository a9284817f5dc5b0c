"""A draft as JSON: as it was sent, and in the one form that the upstream's request is built from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import escape
from generations.request.draft import Draft, Media, Step, Text


def request_canonical(draft: Draft, files: Mapping[str, str]) -> dict[str, Any]:
    """The request as sent, without unknown fields, `data` replaced by `file_id`. `files` maps pointers of media to ids.

    Raises KeyError when a picture's bytes have no id: they would be lost.
    """
    inline = {media.pointer: files[media.pointer] for media in draft.media() if media.source == "data"}
    canonical: dict[str, Any] = _copy(draft.document, "", inline)
    return canonical


def _copy(value: Any, pointer: str, inline: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        copied = {
            name: _copy(inner, f"{pointer}/{escape(name)}", inline)
            for name, inner in value.items()
            if not isinstance(inner, Spilled)
        }
        return copied | {"file_id": inline[pointer]} if pointer in inline else copied
    if isinstance(value, list):
        return [_copy(inner, f"{pointer}/{index}", inline) for index, inner in enumerate(value)]
    return value


def request_normal(draft: Draft, files: Mapping[str, str]) -> dict[str, Any]:
    """The request in the upstream's shape with known keys only: steps, response_format as a list, one google_search.

    Media are {"type", "file_id" | "output_id" | "uri", "mime_type"?}: `files` maps pointers to ids of stored files, for
    inline data (demanded) and for addresses that were fetched. Left out are model, the previous turn and what is ours
    (role, max_images, metadata, store).
    """
    normal: dict[str, Any] = {"input": [_step(step, files) for step in draft.steps]}
    if draft.system_instruction is not None:
        normal["system_instruction"] = draft.system_instruction
    normal["response_format"] = _formats(draft)
    config = {
        "thinking_level": draft.thinking_level,
        "thinking_summaries": draft.thinking_summaries,
        "temperature": draft.temperature,
        "top_p": draft.top_p,
        "seed": draft.seed,
        "max_output_tokens": draft.max_output_tokens,
        "stop_sequences": list(draft.stop_sequences) or None,
    }
    normal["generation_config"] = {name: value for name, value in config.items() if value is not None}
    if draft.search_types:
        normal["tools"] = [{"type": "google_search", "search_types": list(draft.search_types)}]
    if draft.safety_settings:
        normal["safety_settings"] = [dict(setting) for setting in draft.safety_settings]
    return normal


def _formats(draft: Draft) -> list[dict[str, str]]:
    response = draft.response
    formats: list[dict[str, str]] = [{"type": "text"}] if response.wants_text else []
    if response.wants_image:
        image = {
            "aspect_ratio": response.aspect_ratio,
            "image_size": response.image_size,
            "mime_type": response.mime_type,
        }
        formats.append({"type": "image", **{name: value for name, value in image.items() if value is not None}})
    return formats


def _step(step: Step, files: Mapping[str, str]) -> dict[str, Any]:
    blocks = [
        {"type": "text", "text": block.text} if isinstance(block, Text) else _media(block, files)
        for block in step.content
    ]
    key = "summary" if step.type == "thought" else "content"
    with_blocks = step.type in {"user_input", "model_output"} or bool(blocks)
    return {"type": step.type, **({key: blocks} if with_blocks else {}), **step.fields}


def _media(media: Media, files: Mapping[str, str]) -> dict[str, str]:
    block: dict[str, str] = {"type": media.kind}
    if media.source == "data" or media.pointer in files:
        block["file_id"] = files[media.pointer]
    elif media.source == "uri":
        block["uri"] = media.uri or ""
    elif media.source == "file_id":
        block["file_id"] = media.file_id or ""
    else:
        block["output_id"] = media.output_id or ""
    return block | {"mime_type": media.mime_type} if media.mime_type else block
