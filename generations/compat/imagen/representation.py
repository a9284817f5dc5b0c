"""Ended jobs as Imagen's predictions."""

from __future__ import annotations

from typing import Any

from generations.compat.shared.fan_out import pictures
from generations.compat.shared.json_stream import Stored
from generations.errors import ErrorCode
from generations.selectors import GenerationDetail


def predictions_json(wholes: list[GenerationDetail], *, reasons: bool) -> dict[str, Any]:
    """As Imagen answers: pictures that were filtered are missing, or told of where `reasons` are asked for."""
    found: list[dict[str, Any]] = [
        {"bytesBase64Encoded": Stored(output.storage_key), "mimeType": output.mime_type} for output in pictures(wholes)
    ]
    if reasons:
        found += [{"raiFilteredReason": failure_text(whole)} for whole in wholes if is_filtered(whole)]
    return {"predictions": found} if found else {}


def is_filtered(whole: GenerationDetail) -> bool:
    return (whole.generation.error or {}).get("code") == ErrorCode.SAFETY_BLOCKED


def failure_text(whole: GenerationDetail) -> str:
    return str((whole.generation.error or {"message": "The request was canceled."})["message"])
