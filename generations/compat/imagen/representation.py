"""Ended jobs as Imagen's predictions."""

from __future__ import annotations

from typing import Any

from generations.compat.shared.ends import FILTERED, failure_code, failure_message
from generations.compat.shared.fan_out import pictures
from generations.compat.shared.json_stream import StoredBase64
from generations.selectors import GenerationDetail


def predictions_json(details: list[GenerationDetail], *, reasons: bool) -> dict[str, Any]:
    """The pictures of jobs as Imagen's answer has them.

    Those that were filtered are missing; with `reasons` the answer says why.
    """
    predictions: list[dict[str, Any]] = [
        {"bytesBase64Encoded": StoredBase64(output.storage_key), "mimeType": output.mime_type}
        for output in pictures(details)
    ]
    if reasons:
        predictions += [{"raiFilteredReason": failure_message(detail)} for detail in details if is_filtered(detail)]
    return {"predictions": predictions} if predictions else {}


def is_filtered(detail: GenerationDetail) -> bool:
    return failure_code(detail) in FILTERED
