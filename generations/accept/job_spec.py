"""What a worker will do for a request, decided at its acceptance: sizes, caps, the steps to send, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing.prices.quotes import UsageEstimateInput
from cavendish.db import ids
from cavendish.gemini.catalog import Resolution
from generations.accept.inputs import Intake, as_json
from generations.request import GenerationRequest, Media, Step, Text, effective_aspect_ratio


@dataclass(frozen=True)
class JobSpec:
    """`body` is stored for the worker; `work` is what the quote is made of."""

    work: UsageEstimateInput
    resolution: Resolution | None
    body: dict[str, Any]
    estimated_bytes: int
    notices: list[dict[str, Any]]


def estimate_input_of(parsed: GenerationRequest, intake: Intake) -> UsageEstimateInput:
    """The request in the terms of a quote. Pictures count by the catalog's figure, videos at their limit."""
    resolution = None
    if parsed.response.wants_image:
        last = parsed.last_image
        found = intake.inputs.get(last.pointer) if last else None
        size = (found.width, found.height) if found and found.width and found.height else None
        ratio = effective_aspect_ratio(parsed, size, intake.previous_size)
        resolution = parsed.model.resolution(ratio, parsed.response.image_size)
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


def job_spec_build(parsed: GenerationRequest, intake: Intake) -> JobSpec:
    work = estimate_input_of(parsed, intake)
    resolution = work.resolution
    body: dict[str, Any] = {
        "steps": [_step(step, intake) for step in parsed.steps],
        "store": parsed.store,
        "wants_image": parsed.response.wants_image,
        "mime_type": parsed.response.mime_type,
        "size_named": parsed.response.aspect_ratio is not None
        or parsed.response.image_size != parsed.model.default_size,
        "resolution": _resolution(resolution),
        "response_format": _response_format(parsed, resolution),
        "generation_config": _generation_config(parsed, work),
        "tools": _tools(parsed),
        "system_instruction": parsed.system_instruction,
        "safety_settings": [dict(setting) for setting in parsed.safety_settings],
        "previous": None,
    }
    if intake.previous is not None:
        body["previous"] = {
            "generation_id": str(intake.previous.id),
            "upstream_id": intake.previous.upstream_id,
            "upstream_key": intake.previous.upstream_key,
            "upstream_host": intake.previous.upstream_host,
        }
    pixels = resolution.width * resolution.height if resolution else 0
    inputs = sum(found.bytes for found in intake.inputs.values())
    notices = []
    if parsed.model.deprecated is not None:
        notices.append(
            {
                "code": "model_deprecated",
                "use": parsed.model.deprecated.successor,
                "detail": parsed.model.deprecated.note,
            }
        )
    return JobSpec(
        work=work,
        resolution=resolution,
        body=body,
        # a byte per pixel is what a compressed picture takes at most in practice (measured: 1.4 MB at 1K, 24 MB at 4K)
        estimated_bytes=work.max_images * pixels + inputs,
        notices=notices,
    )


def _resolution(resolution: Resolution | None) -> dict[str, Any] | None:
    if resolution is None:
        return None
    return {
        "width": resolution.width,
        "height": resolution.height,
        "tokens": resolution.tokens,
        "doubtful": bool(resolution.note) or resolution.assumed,
    }


def _step(step: Step, intake: Intake) -> dict[str, Any]:
    blocks = [_block(block, intake) for block in step.content]
    if step.type == "thought":
        return {"type": "thought", **step.fields, "summary": blocks}
    if step.type in {"user_input", "model_output"}:
        return {"type": step.type, **step.fields, "content": blocks}
    return {"type": step.type, **step.fields}


def _block(block: Text | Media, intake: Intake) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    return as_json(intake.inputs[block.pointer])


def _response_format(parsed: GenerationRequest, resolution: Resolution | None) -> list[dict[str, Any]] | dict[str, Any]:
    """Always said in full, so that the upstream makes what was quoted. A model of one size is not told a size."""
    if resolution is None:
        return [{"type": "text"}]
    image: dict[str, Any] = {"type": "image", "aspect_ratio": resolution.aspect_ratio}
    if len(parsed.model.sizes) > 1:
        image["image_size"] = resolution.image_size
    if parsed.response.mime_type:
        image["mime_type"] = parsed.response.mime_type
    return [{"type": "text"}, image] if parsed.response.wants_text else image


def _generation_config(parsed: GenerationRequest, work: UsageEstimateInput) -> dict[str, Any]:
    most = work.max_output_tokens
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


def canonical_ids(intake: Intake) -> dict[str, str]:
    """Pointer → file id, for the request as it is shown: bytes replaced by file ids."""
    return {
        pointer: ids.encode(ids.FILE, found.file_id)
        for pointer, found in intake.inputs.items()
        if found.file_id is not None
    }
