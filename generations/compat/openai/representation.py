"""Ended jobs as an ImagesResponse or an error, and models, as OpenAI shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cavendish.db import ids
from cavendish.gemini.catalog import Model
from generations.compat.openai.translation import Form
from generations.compat.shared.fan_out import charges, pictures
from generations.compat.shared.json_stream import StoredBase64
from generations.errors import ErrorCode
from generations.models import Output, Status
from generations.selectors import GenerationDetail
from generations.show.representation import output_path
from generations.show.signed_urls import url_sign

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
        "usage": usage_json(details),
        "generations": [ids.encode(ids.GENERATION, detail.generation.id) for detail in details],
    }
    if outputs[0].mime_type in _SUFFIXES:
        shown["output_format"] = _SUFFIXES[outputs[0].mime_type]
    if failed := [detail.generation.error for detail in details if detail.generation.status != Status.SUCCEEDED]:
        shown["errors"] = [failure_json(error) for error in failed]
    return shown


def usage_json(details: Sequence[GenerationDetail]) -> dict[str, Any]:
    """The tokens that are charged for all of the jobs. Thoughts count as text of the output."""
    used = [charge.usage for charge in charges(details) if charge.status == "charged" and charge.usage]
    inputs = {kind: sum(usage["input"][kind] for usage in used) for kind in ("text", "image")}
    outputs = {kind: sum(usage["output"][kind] for usage in used) for kind in ("text", "image")}
    outputs["text"] += sum(usage["thought"] for usage in used)
    return {
        "input_tokens": sum(inputs.values()),
        "input_tokens_details": {"text_tokens": inputs["text"], "image_tokens": inputs["image"]},
        "output_tokens": sum(outputs.values()),
        "output_tokens_details": {"text_tokens": outputs["text"], "image_tokens": outputs["image"]},
        "total_tokens": sum(inputs.values()) + sum(outputs.values()),
    }


def _picture(output: Output, form: Form) -> dict[str, Any]:
    if form == "b64_json":
        return {"b64_json": StoredBase64(output.storage_key)}
    return {"url": url_sign(output_path(output.id))[0]}


def failure_json(error: dict[str, Any] | None) -> dict[str, Any]:
    """The error of a job that ended without a picture, as OpenAI says it."""
    error = error or {"code": "canceled", "message": "The request was canceled."}
    blocked = error["code"] == ErrorCode.SAFETY_BLOCKED
    return {
        "message": error["message"],
        "type": "image_generation_user_error" if blocked else "image_generation_error",
        "param": None,
        "code": "content_policy_violation" if blocked else error["code"],
    }


def model_json(model: Model) -> dict[str, Any]:
    # OpenAI's answer must have a time of creation; the catalog knows none.
    return {"id": model.id, "object": "model", "created": 0, "owned_by": "google"}
