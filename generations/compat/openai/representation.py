"""Ended jobs as an ImagesResponse or an error, and models, as OpenAI shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from cavendish.db import ids
from cavendish.gemini.catalog import Model
from generations.compat.openai.failures import failure_json
from generations.compat.openai.translation import Form
from generations.compat.openai.usage import images_usage_json
from generations.compat.shared.fan_out import pictures
from generations.compat.shared.json_stream import StoredBase64
from generations.models import Output, Status
from generations.selectors import GenerationDetail
from generations.show.representation import output_path
from generations.show.signed_urls import url_sign

Kind = Literal["image_generation", "image_edit"]
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpeg"}


def images_json(details: Sequence[GenerationDetail], form: Form) -> dict[str, Any]:
    """The pictures of jobs, of which at least one has succeeded. Those that failed are missing in `data`; `errors`,
    which is ours, says why. `generations` are the jobs' ids.
    """
    outputs = pictures(details)
    shown: dict[str, Any] = {
        "created": int(details[0].generation.created_at.timestamp()),
        "data": [_picture(output, form) for output in outputs],
        "background": "opaque",
        "size": f"{outputs[0].width}x{outputs[0].height}",
        "usage": images_usage_json(details),
        "model": details[0].generation.model,
        "generations": [ids.encode(ids.GENERATION, detail.generation.id) for detail in details],
    }
    if outputs[0].mime_type in _SUFFIXES:
        shown["output_format"] = _SUFFIXES[outputs[0].mime_type]
    if text := "\n\n".join(filter(None, map(_written, details))):
        shown["text"] = text
    if failed := [detail for detail in details if detail.generation.status != Status.SUCCEEDED]:
        shown["errors"] = [failure_json(detail) for detail in failed]
    return shown


def image_events(detail: GenerationDetail, kind: Kind, *, partials: int) -> Iterator[dict[str, Any]]:
    """The events of an ended job: its last interim pictures, if the model gave some, and its picture."""
    outputs = pictures([detail])
    interim = [output for output in detail.outputs if output.part == Output.Part.THOUGHT]
    if outputs and partials:
        for index, output in enumerate(interim[-partials:]):
            yield {"type": f"{kind}.partial_image", "partial_image_index": index, **_event(detail, output)}
    for output in outputs:
        event = {"type": f"{kind}.completed", **_event(detail, output), "usage": images_usage_json([detail])}
        yield {**event, "generation": ids.encode(ids.GENERATION, detail.generation.id)}
    if detail.generation.status != Status.SUCCEEDED:
        yield {"type": f"{kind}.failed", "error": failure_json(detail)}


def _event(detail: GenerationDetail, output: Output) -> dict[str, Any]:
    moment = detail.generation.finished_at or detail.generation.created_at
    return {
        "b64_json": StoredBase64(output.storage_key),
        "background": "opaque",
        "created_at": int(moment.timestamp()),
        "output_format": _SUFFIXES.get(output.mime_type, output.mime_type),
        "quality": "auto",
        "size": f"{output.width}x{output.height}",
    }


def _written(detail: GenerationDetail) -> str:
    """What the model wrote beside its picture."""
    if detail.generation.status != Status.SUCCEEDED:
        return ""
    return "\n\n".join(block["text"] for block in detail.content.content if block["type"] == "text" and block["text"])


def _picture(output: Output, form: Form) -> dict[str, Any]:
    if form == "b64_json":
        return {"b64_json": StoredBase64(output.storage_key)}
    return {"url": url_sign(output_path(output.id))[0]}


def model_json(model: Model) -> dict[str, Any]:
    # OpenAI's answer must have a time of creation; the catalog knows none.
    return {"id": model.id, "object": "model", "created": 0, "owned_by": "google"}
