"""A batch, its items and their results as the native API shows them. Addresses are signed when they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cavendish.db import ids
from cavendish.http.times import moment
from generations.batches.selectors import Result, items_walk
from generations.models import Batch, BatchItem, ItemStatus
from generations.show.representation import generation_json

UNENDED = frozenset({ItemStatus.WAITING, ItemStatus.IN_PROGRESS})
ERASED = {"code": "erased", "message": "The generation was deleted."}


def batch_json(batch: Batch) -> dict[str, Any]:
    public = ids.encode(ids.BATCH, batch.id)
    return {
        "id": public,
        "object": "batch",
        "status": batch.status,
        "name": batch.name,
        "model": batch.model or None,
        "livemode": batch.livemode,
        "metadata": batch.metadata,
        "counts": {
            "total": batch.total,
            "waiting": batch.total - batch.fed,
            "in_progress": batch.in_progress,
            "succeeded": batch.succeeded,
            "failed": batch.failed,
            "canceled": batch.canceled,
            "expired": batch.expired,
        },
        "created_at": moment(batch.created_at),
        "started_at": moment(batch.started_at),
        "finished_at": moment(batch.finished_at),
        "expires_at": moment(batch.expires_at),
        "cancel_requested_at": moment(batch.cancel_requested_at),
        "refused_since": moment(batch.refused_at) if batch.finished_at is None else None,
        "input_file_id": ids.encode(ids.FILE, batch.input_file) if batch.input_file else None,
        "items_url": f"/api/v1/batches/{public}/items",
        "results_url": f"/api/v1/batches/{public}/results",
    }


def item_json(item: BatchItem) -> dict[str, Any]:
    return {
        "object": "batch_item",
        "index": item.index,
        "key": item.key,
        "status": item.status,
        "generation_id": ids.encode(ids.GENERATION, item.generation_id) if item.generation_id else None,
        "error": error_json(item),
    }


def error_json(item: BatchItem) -> dict[str, Any] | None:
    return {"code": "", "message": "", "errors": [], **item.error} if item.error else None


def result_json(result: Result, *, url_seconds: int | None) -> dict[str, Any]:
    """An item that has ended, with its generation as the API shows it, or why there is none."""
    item, detail = result.item, result.detail
    return {
        "index": item.index,
        "key": item.key,
        "status": item.status,
        "generation": generation_json(detail, url_seconds=url_seconds) if detail else None,
        "error": ERASED if item.generation_id and detail is None else error_json(item),
    }


def result_lines(batch: Batch, *, url_seconds: int | None) -> Iterator[bytes]:
    """JSONL: the items that have ended, in their order, each with its generation as the API shows it.

    The links of the generations last `url_seconds`, SIGNED_URL_SECONDS where that is None.
    """
    for page in items_walk(tenant_id=batch.tenant_id, batch_id=batch.id):
        ended = [result for result in page if result.item.status not in UNENDED]
        lines = [line_of(result_json(result, url_seconds=url_seconds)) for result in ended]
        if lines:
            yield b"".join(lines)


def line_of(value: dict[str, Any]) -> bytes:
    """Returns a line of JSONL."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
