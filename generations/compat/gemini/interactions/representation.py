"""A generation as an Interaction (WIRE.md 4): the upstream's own steps, with our ids and our stored pictures."""

from __future__ import annotations

from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.compat.shared.json_stream import StoredBase64
from generations.models import GenerationContent, Status
from generations.selectors import GenerationDetail

STATUS = {
    Status.QUEUED: "in_progress",
    Status.RUNNING: "in_progress",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELED: "cancelled",
}
# What a step or block of ours carries beyond the wire's.
_OURS = frozenset({"storage_key", "bytes", "output_id", "file_id", "role"})


def interaction_json(
    detail: GenerationDetail, content: GenerationContent, *, with_input: bool = False, echo_input: bool = False
) -> dict[str, Any]:
    """The interaction with the model's steps; `content` has its job_spec and steps loaded.

    `with_input` adds the user's steps before them, `echo_input` repeats those as `input`.
    """
    generation = detail.generation
    steps = [step_json(step) for step in content.steps]
    asked = [step_json(step) for step in content.job_spec.get("steps", ())] if with_input or echo_input else []
    return {
        **head_json(detail),
        "role": "model",
        **({"input": asked} if echo_input else {}),
        "steps": [*asked, *steps] if with_input else steps,
        **({"usage": content.usage_reported} if content.usage_reported else {}),
        **({"errors": [generation.error]} if generation.error else {}),
    }


def head_json(detail: GenerationDetail) -> dict[str, Any]:
    """The fields of an interaction that are known from its acceptance on."""
    generation = detail.generation
    shown: dict[str, Any] = {
        "id": ids.encode(ids.GENERATION, generation.id),
        "object": "interaction",
        "model": generation.model,
        "status": STATUS[Status(generation.status)],
        "created": moment(generation.created_at),
        "updated": moment(generation.finished_at or generation.started_at or generation.created_at),
    }
    if generation.previous_id:
        shown["previous_interaction_id"] = ids.encode(ids.GENERATION, generation.previous_id)
    if generation.metadata:
        shown["labels"] = generation.metadata
    return shown


def step_json(step: dict[str, Any]) -> dict[str, Any]:
    shown = dict(step)
    for name in ("content", "summary"):
        if isinstance(step.get(name), list):
            shown[name] = [block_json(block) for block in step[name]]
    return shown


def block_json(block: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in block.items() if key not in _OURS}
    if "storage_key" in block:
        shown["data"] = StoredBase64(block["storage_key"])
    return shown
