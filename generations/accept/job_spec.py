"""What a worker will do for a request, decided at its acceptance: sizes, caps, the steps to send, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing.prices.quotes import UsageEstimateInput
from cavendish.gemini.catalog import Resolution
from generations.accept.inputs import Inputs
from generations.contracts import JobSpecBody, Notice, PictureSize, PreviousTurn
from generations.models import Generation
from generations.request import GenerationRequest, Media, Step, Text, effective_aspect_ratio
from generations.tokens.selectors import resolution_in_force


@dataclass(frozen=True)
class JobSpec:
    """`estimate` is what the quote is made of; `body` is stored for the worker."""

    estimate: UsageEstimateInput
    resolution: Resolution | None
    body: JobSpecBody
    estimated_bytes: int
    notices: list[Notice]


def job_spec_build(parsed: GenerationRequest, inputs: Inputs) -> JobSpec:
    estimate = estimate_input_of(parsed, inputs)
    resolution = estimate.resolution
    pixels = resolution.width * resolution.height if resolution else 0
    body = _body(parsed, inputs, estimate)
    if parsed.response.by_uri:
        body["by_uri"] = True
    return JobSpec(
        estimate=estimate,
        resolution=resolution,
        body=body,
        # a byte per pixel is what a compressed picture takes at most in practice (measured: 1.4 MB at 1K, 24 MB at 4K)
        estimated_bytes=estimate.max_images * pixels + sum(input.bytes for input in inputs.by_pointer.values()),
        notices=_notices(parsed),
    )


def estimate_input_of(parsed: GenerationRequest, inputs: Inputs) -> UsageEstimateInput:
    """The request in the terms of a quote. Pictures count by the catalog's figure, videos at their limit."""
    resolution = None
    if parsed.response.wants_image:
        last_image = parsed.last_image
        input = inputs.by_pointer.get(last_image.pointer) if last_image else None
        size = (input.width, input.height) if input and input.width and input.height else None
        ratio = effective_aspect_ratio(parsed, size, inputs.previous_size)
        resolution = resolution_in_force(parsed.model, ratio, parsed.response.image_size)
    return UsageEstimateInput(
        model=parsed.model,
        resolution=resolution,
        text_tokens=parsed.text_tokens,
        input_images=parsed.image_count,
        input_videos=parsed.video_count,
        wants_text=parsed.response.wants_text,
        search_types=parsed.search_types,
        thinking_level=parsed.thinking_level,
        max_images=parsed.max_images if resolution else 0,
    )


def _body(parsed: GenerationRequest, inputs: Inputs, estimate: UsageEstimateInput) -> JobSpecBody:
    return {
        "steps": [_step(step, inputs) for step in parsed.steps],
        "store": parsed.store,
        "wants_image": parsed.response.wants_image,
        "mime_type": parsed.response.mime_type,
        "size_named": parsed.response.aspect_ratio is not None
        or parsed.response.image_size != parsed.model.default_size,
        "resolution": _resolution(estimate.resolution),
        "response_format": _response_format(parsed, estimate.resolution),
        "generation_config": _generation_config(parsed, estimate),
        "tools": _tools(parsed),
        "system_instruction": parsed.system_instruction,
        "safety_settings": [dict(setting) for setting in parsed.safety_settings],
        "previous": _previous(inputs.previous),
    }


def _notices(parsed: GenerationRequest) -> list[Notice]:
    notices: list[Notice] = []
    model = parsed.model
    name = str(parsed.document["model"]).removeprefix("models/")
    if name != model.id:
        detail = f"{name} is another name of {model.id} here; it ran, and its limits and prices apply."
        notices.append({"code": "model_alias", "use": model.id, "detail": detail})
    if model.deprecated is not None:
        detail = model.deprecated.note
        if model.deprecated.retires_on:
            detail = f"{detail} It can be used until {model.deprecated.retires_on} (UTC)."
        notices.append({"code": "model_deprecated", "use": model.deprecated.successor, "detail": detail})
    return notices


def _previous(previous: Generation | None) -> PreviousTurn | None:
    if previous is None:
        return None
    return {
        "generation_id": str(previous.id),
        "upstream_id": previous.upstream_id,
        "upstream_key": previous.upstream_key,
        "upstream_host": previous.upstream_host,
    }


def _resolution(resolution: Resolution | None) -> PictureSize | None:
    if resolution is None:
        return None
    return {
        "width": resolution.width,
        "height": resolution.height,
        "tokens": resolution.tokens,
        "doubtful": bool(resolution.note) or resolution.assumed,
    }


def _step(step: Step, inputs: Inputs) -> dict[str, Any]:
    blocks = [_block(block, inputs) for block in step.content]
    if step.type == "thought":
        return {"type": "thought", **step.fields, "summary": blocks}
    if step.type in {"user_input", "model_output"}:
        return {"type": step.type, **step.fields, "content": blocks}
    return {"type": step.type, **step.fields}


def _block(block: Text | Media, inputs: Inputs) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    return inputs.by_pointer[block.pointer].as_block()


def _response_format(parsed: GenerationRequest, resolution: Resolution | None) -> list[dict[str, Any]] | dict[str, Any]:
    """The format in full, so that the upstream makes what was quoted. A model of one size is not told a size."""
    if resolution is None:
        return [{"type": "text"}]
    image: dict[str, Any] = {"type": "image", "aspect_ratio": resolution.aspect_ratio}
    if len(parsed.model.sizes) > 1:
        image["image_size"] = resolution.image_size
    if parsed.response.mime_type:
        image["mime_type"] = parsed.response.mime_type
    return [{"type": "text"}, image] if parsed.response.wants_text else image


def _generation_config(parsed: GenerationRequest, estimate: UsageEstimateInput) -> dict[str, Any]:
    most = estimate.max_output_tokens
    config: dict[str, Any] = {
        "max_output_tokens": min(most, parsed.max_output_tokens) if parsed.max_output_tokens else most
    }
    for name in ("thinking_level", "thinking_summaries", "temperature", "top_p", "seed"):
        value = getattr(parsed, name)
        if value is not None:
            config[name] = value
    if parsed.stop_sequences:
        config["stop_sequences"] = list(parsed.stop_sequences)
    return config


def _tools(parsed: GenerationRequest) -> list[dict[str, Any]]:
    if not parsed.search_types:
        return []
    if parsed.search_types == ("web_search",):
        return [{"type": "google_search"}]
    return [{"type": "google_search", "search_types": list(parsed.search_types)}]
