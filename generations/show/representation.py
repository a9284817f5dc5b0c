"""Generations, outputs and files as the native API shows them: every field is always there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from billing.money import ZERO, amount_text
from cavendish.db import ids
from cavendish.gemini.catalog import CatalogError, get_model
from cavendish.http.times import moment
from generations.derivatives.sizes import FORMATS, PREVIEW_FORMAT, THUMBNAIL_WIDTH, derived_size, preview_widths
from generations.models import File, Output, ShareLink
from generations.selectors import GenerationDetail
from generations.show.signed_urls import share_sign, url_sign

NO_USAGE = {
    "input": {"text": 0, "image": 0, "video": 0},
    "output": {"text": 0, "image": 0},
    "thought": 0,
    "cached": 0,
    "search_queries": 0,
    "total": 0,
}
# jsonb orders names by their length; people read them in this order.
LINE = ("kind", "quantity", "unit", "unit_price", "amount")
CITATION = ("url", "title", "start_index", "end_index", "text")
NO_GROUNDING: dict[str, list[Any]] = {"search_queries": [], "search_suggestions": [], "citations": []}


def output_path(output_id: UUID) -> str:
    return f"/api/v1/outputs/{ids.encode(ids.OUTPUT, output_id)}/content"


def page_path(generation_id: UUID) -> str:
    """The page that shows a generation with all that must stand beside its pictures."""
    return f"/g/{ids.encode(ids.GENERATION, generation_id)}"


def is_grounded(grounding: dict[str, Any] | None) -> bool:
    """Returns whether something of a search has to be shown beside the pictures (grounding terms)."""
    return any((grounding or {}).get(name) for name in NO_GROUNDING)


def display_path(generation_id: UUID) -> str:
    """The same, small and made to be embedded."""
    return f"/api/v1/generations/{ids.encode(ids.GENERATION, generation_id)}/display.html"


def share_link_json(link: ShareLink) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.SHARE_LINK, link.id),
        "object": "share_link",
        "generation_id": ids.encode(ids.GENERATION, link.generation_id),
        "url": share_sign(page_path(link.generation_id), link.id),
        "embed_url": share_sign(display_path(link.generation_id), link.id),
        "created_at": moment(link.created_at),
        "expires_at": moment(link.expires_at),
    }


def generation_json(detail: GenerationDetail, *, url_seconds: int | None = None) -> dict[str, Any]:
    """Returns the generation; its links last `url_seconds`, SIGNED_URL_SECONDS where that is None."""
    generation, content = detail.generation, detail.content
    grounded = is_grounded(content.grounding)
    outputs = [output for output in detail.outputs if output.part == Output.Part.OUTPUT]
    by_id = {str(output.id): output for output in detail.outputs}
    return {
        "id": ids.encode(ids.GENERATION, generation.id),
        "object": "generation",
        "status": generation.status,
        "model": generation.model,
        "livemode": generation.livemode,
        "created_at": moment(generation.created_at),
        "started_at": moment(generation.started_at),
        "finished_at": moment(generation.finished_at),
        "deadline_at": moment(generation.deadline_at),
        "attempts": max(generation.attempts, generation.failures + 1) if generation.attempts else 0,
        "queue_position": detail.position,
        "estimated_seconds": detail.estimated_seconds,
        "previous_generation_id": (
            ids.encode(ids.GENERATION, generation.previous_id) if generation.previous_id else None
        ),
        "group_id": ids.encode(ids.GENERATION_GROUP, generation.group_id) if generation.group_id else None,
        "batch_id": ids.encode(ids.BATCH, generation.batch_id) if generation.batch_id else None,
        "metadata": generation.metadata,
        "tags": detail.tags,
        "request": content.request,
        "content": [_block(block) for block in content.content],
        "outputs": [
            output_json(output, generation.model, grounded=grounded, url_seconds=url_seconds) for output in outputs
        ],
        "thoughts": [_thought(thought, by_id, url_seconds) for thought in content.thoughts],
        "grounding": grounding_json(content.grounding),
        "usage": _ordered((detail.charge.usage if detail.charge else None) or NO_USAGE, NO_USAGE),
        "charge": _charge(detail),
        "error": generation.error,
        "notices": content.notices,
        "page_url": url_sign(page_path(generation.id), seconds=url_seconds)[0],
    }


def output_json(output: Output, model: str, *, grounded: bool, url_seconds: int | None = None) -> dict[str, Any]:
    """Returns an output as it stands in its generation: whether it is grounded, and the page that shows all of it."""
    url, expires = url_sign(output_path(output.id), seconds=url_seconds)
    return {
        "id": ids.encode(ids.OUTPUT, output.id),
        "object": "output",
        "generation_id": ids.encode(ids.GENERATION, output.generation_id),
        "index": output.index,
        "mime_type": output.mime_type,
        "width": output.width,
        "height": output.height,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "tokens": output.tokens,
        "url": url,
        "url_expires_at": moment(expires),
        "thumbnail_url": derived_url(output, THUMBNAIL_WIDTH, url_seconds=url_seconds),
        "previews": [
            preview_json(output, width, url_seconds=url_seconds)
            for width in preview_widths(output.width, output.height)
        ],
        "provenance": provenance_json(output, model),
        "favorite": output.favorite,
        "rating": output.rating,
        "grounded": grounded,
        "page_url": url_sign(page_path(output.generation_id), seconds=url_seconds)[0],
    }


def derived_url(output: Output, width: int, *, url_seconds: int | None = None) -> str:
    """Returns a signed address of a smaller picture, which opens neither another size nor the original."""
    options = {"format": PREVIEW_FORMAT, "width": width}
    return url_sign(output_path(output.id), seconds=url_seconds, options=options)[0]


def preview_json(output: Output, requested: int, *, url_seconds: int | None = None) -> dict[str, Any]:
    width, height = derived_size(output.width, output.height, requested=requested)
    return {
        "width": width,
        "height": height,
        "mime_type": FORMATS[PREVIEW_FORMAT],
        "url": derived_url(output, requested, url_seconds=url_seconds),
    }


def output_alone_json(
    output: Output, model: str, grounding: dict[str, Any] | None, *, url_seconds: int | None = None
) -> dict[str, Any]:
    """Returns an output without its generation around it, so with the generation's grounding."""
    shown = output_json(output, model, grounded=is_grounded(grounding), url_seconds=url_seconds)
    return {**shown, "grounding": grounding_json(grounding)}


def provenance_json(output: Output, model: str) -> dict[str, Any]:
    """What is known of a picture's origin. On sandbox pictures the watermark is simulated, which `sandbox` says."""
    try:
        watermark = get_model(model).watermark
    except CatalogError:
        watermark = None
    return {
        "ai_generated": True,
        "sandbox": output.sandbox,
        "model": model,
        "watermark": watermark,
        "c2pa": "present" if output.c2pa else "absent",
    }


def file_json(file: File) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.FILE, file.id),
        "object": "file",
        "name": file.name or None,
        "source": file.source,
        "mime_type": file.mime_type,
        "width": file.width,
        "height": file.height,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "created_at": moment(file.created_at),
        "expires_at": moment(file.expires_at),
    }


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "image":
        return {"type": "image", "output_id": ids.encode(ids.OUTPUT, UUID(block["output_id"]))}
    return {"type": "text", "text": block["text"], "citations": _citations(block["citations"])}


def grounding_json(stored: dict[str, Any] | None) -> dict[str, Any]:
    grounding = stored or NO_GROUNDING
    return {**{name: grounding[name] for name in NO_GROUNDING}, "citations": _citations(grounding["citations"])}


def _citations(citations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_ordered(citation, CITATION) for citation in citations]


def _ordered(value: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value[name] for name in names}


def _thought(thought: dict[str, Any], outputs: dict[str, Output], url_seconds: int | None) -> dict[str, Any]:
    if thought["type"] == "text":
        return thought
    output = outputs.get(thought["output_id"])
    return {"type": "image", "url": url_sign(output_path(output.id), seconds=url_seconds)[0] if output else None}


def _charge(detail: GenerationDetail) -> dict[str, Any]:
    charge, hold = detail.charge, detail.hold
    if charge is not None:
        return {
            "status": charge.status,
            "reason": charge.reason,
            "amount": amount_text(charge.amount),
            "currency": charge.currency,
            "lines": [_ordered(line, LINE) for line in charge.lines],
        }
    return {
        "status": "held",
        "reason": None,
        "amount": amount_text(hold.amount if hold else ZERO),
        "currency": hold.currency if hold else "USD",
        "lines": [],
    }
