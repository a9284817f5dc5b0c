"""A generation as an Interaction (docs/wire.md): the upstream's own steps, with our ids and our stored pictures."""

from __future__ import annotations

from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.compat.shared.addresses import output_url
from generations.compat.shared.early_ends import is_at_limit
from generations.compat.shared.json_stream import StoredBase64
from generations.models import TERMINAL, GenerationContent, Status
from generations.selectors import GenerationDetail

STATUS = {
    Status.QUEUED: "in_progress",
    Status.RUNNING: "in_progress",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELED: "cancelled",
}
# Of an interaction for which the upstream reported none.
NO_USAGE: dict[str, Any] = {
    "total_tokens": 0,
    "total_input_tokens": 0,
    "input_tokens_by_modality": [],
    "total_cached_tokens": 0,
    "total_output_tokens": 0,
    "output_tokens_by_modality": [],
    "total_tool_use_tokens": 0,
    "total_thought_tokens": 0,
}
# What a step or block of ours carries beyond the wire's.
_OURS = frozenset({"storage_key", "bytes", "output_id", "file_id", "role"})


def interaction_json(detail: GenerationDetail, *, with_input: bool = False, echo_input: bool = False) -> dict[str, Any]:
    """The interaction with the model's steps; the whole of `detail` is loaded.

    `with_input` adds the user's steps before them, `echo_input` repeats those as `input`.
    """
    generation, content = detail.generation, detail.content
    by_uri = content.job_spec.get("by_uri", False)
    steps = [step_json(step, by_uri=by_uri) for step in content.steps]
    asked = [step_json(step) for step in content.job_spec.get("steps", ())] if with_input or echo_input else []
    return {
        **head_json(detail),
        "role": "model",
        **({"input": asked} if echo_input else {}),
        "steps": [*asked, *steps] if with_input else steps,
        **({"usage": content.usage_reported or NO_USAGE} if generation.status in TERMINAL else {}),
        **({"errors": [generation.error]} if generation.error else {}),
    }


def head_json(detail: GenerationDetail) -> dict[str, Any]:
    """The fields of an interaction that are known from its acceptance on."""
    generation = detail.generation
    shown: dict[str, Any] = {
        "id": ids.encode(ids.GENERATION, generation.id),
        "object": "interaction",
        "model": generation.model,
        "status": status_of(generation.status, detail.content),
        "created": moment(generation.created_at),
        "updated": moment(generation.finished_at or generation.started_at or generation.created_at),
    }
    if generation.previous_id:
        shown["previous_interaction_id"] = ids.encode(ids.GENERATION, generation.previous_id)
    if generation.metadata:
        shown["labels"] = generation.metadata
    return shown


def status_of(status: str, content: GenerationContent) -> str:
    """The status of an interaction; `content` has its notices loaded."""
    ended = status in {Status.SUCCEEDED, Status.FAILED}
    return "incomplete" if ended and is_at_limit(content) else STATUS[Status(status)]


def step_json(step: dict[str, Any], *, by_uri: bool = False) -> dict[str, Any]:
    shown = dict(step)
    for name in ("content", "summary"):
        if isinstance(step.get(name), list):
            shown[name] = [block_json(block, by_uri=by_uri) for block in step[name]]
    return shown


def block_json(block: dict[str, Any], *, by_uri: bool) -> dict[str, Any]:
    """A block of a step. With `by_uri` a picture that was made is named by its address."""
    shown = {key: value for key, value in block.items() if key not in _OURS}
    if by_uri and "output_id" in block:
        shown["uri"] = output_url(block["output_id"])
    elif "storage_key" in block:
        shown["data"] = StoredBase64(block["storage_key"])
    return shown
