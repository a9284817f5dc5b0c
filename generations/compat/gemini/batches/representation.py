"""A batch as the operation that the SDKs read (docs/wire.md), and its items as answers of generateContent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from cavendish.http.times import moment
from generations.batches.representation import ERASED, UNENDED
from generations.batches.selectors import Result, items_walk
from generations.compat.gemini.content.representation import response_json
from generations.compat.shared.json_stream import json_chunks
from generations.errors import ErrorCode
from generations.models import BATCH_ENDED, Batch, BatchStatus
from generations.request import JSONL

INLINED = 1000
"""Up to so many inline requests are answered inline; the answers to more are a file, as those to a file are."""
RESULTS = "batch-"
"""Begins the name of a file of results, which is written while it is read and never stored."""
_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
_STATE = {
    BatchStatus.QUEUED: "BATCH_STATE_PENDING",
    BatchStatus.RUNNING: "BATCH_STATE_RUNNING",
    BatchStatus.CANCELING: "BATCH_STATE_RUNNING",
    BatchStatus.COMPLETED: "BATCH_STATE_SUCCEEDED",
    BatchStatus.FAILED: "BATCH_STATE_FAILED",
    BatchStatus.CANCELED: "BATCH_STATE_CANCELLED",
    BatchStatus.EXPIRED: "BATCH_STATE_EXPIRED",
}
# google.rpc.Code of what an item fails with.
_CODES = {
    "canceled": 1,
    "expired": 4,
    ErrorCode.DEADLINE_EXCEEDED: 4,
    ErrorCode.GUARD_REFUSED: 7,
    "not_found": 5,
    "input_deleted": 5,
    ERASED["code"]: 5,
    "model_not_allowed": 7,
    "budget_exceeded": 7,
    "insufficient_balance": 7,
    ErrorCode.INTERNAL: 13,
    ErrorCode.UPSTREAM_UNAVAILABLE: 14,
    "price_missing": 9,
}
_INVALID = 3
# What generateContent itself answers, with a reason to finish.
_ANSWERED = frozenset({ErrorCode.SAFETY_BLOCKED, ErrorCode.NO_IMAGE})


def operation_json(batch: Batch, *, inlined: Any = None, twice: bool = False) -> dict[str, Any]:
    """The batch as an operation. `inlined` stands for the list of answers in `metadata`, where SDKs look; with `twice`
    also in `response`.
    """
    name = f"batches/{batch.id.hex}"
    ended = batch.status in BATCH_ENDED
    output = _output(batch, inlined) if ended else {}
    failed = batch.failed + batch.canceled + batch.expired
    counts = {
        "requestCount": batch.total,
        "successfulRequestCount": batch.succeeded,
        "failedRequestCount": failed,
        "pendingRequestCount": batch.total - batch.succeeded - failed,
    }
    shown = {
        "@type": _TYPE,
        "name": name,
        "model": f"models/{batch.model}",
        "displayName": batch.name,
        "state": _STATE[BatchStatus(batch.status)],
        "createTime": moment(batch.created_at),
        "updateTime": moment(batch.finished_at or batch.cancel_requested_at or batch.started_at or batch.created_at),
        "endTime": moment(batch.finished_at),
        "batchStats": {counted: str(count) for counted, count in counts.items() if count},
        "inputConfig": {"fileName": f"files/{batch.input_file.hex}"} if batch.input_file else None,
        "output": output or None,
    }
    operation: dict[str, Any] = {"name": name, "metadata": {key: value for key, value in shown.items() if value}}
    if ended:
        operation["done"] = True
        # The SDKs read `metadata` alone, and would fetch inlined pictures twice for nothing.
        operation["response"] = {"@type": _TYPE, **(output if twice or is_file(batch) else {})}
    return operation


def is_file(batch: Batch) -> bool:
    """Whether the answers of a batch are a file."""
    return batch.input_file is not None or batch.total > INLINED


def operation_chunks(batch: Batch, *, twice: bool) -> Iterator[bytes]:
    """The operation with its answers inlined, their pictures streamed from storage."""
    mark = secrets.token_hex(16)
    first, *others = json.dumps(operation_json(batch, inlined=mark, twice=twice), ensure_ascii=False).split(f'"{mark}"')
    yield first.encode()
    for other in others:
        yield from _inlined_chunks(batch)
        yield other.encode()


def results_chunks(batch: Batch) -> Iterator[bytes]:
    """JSONL: `{"key", "response"}` or `{"key", "error"}` for each item that has ended, in their order."""
    for result in _ended(batch):
        yield from json_chunks({"key": result.item.key, **_answer(result)})
        yield b"\n"


def results_file_json(batch: Batch) -> dict[str, Any]:
    """The file of a batch's results, as the Files API shows one. It has no size before it is written."""
    name = f"files/{RESULTS}{batch.id.hex}"
    uri = f"{settings.BASE_URL}/v1beta/{name}"
    return {
        "name": name,
        "displayName": batch.name,
        "mimeType": JSONL,
        "createTime": moment(batch.created_at),
        "updateTime": moment(batch.finished_at or batch.created_at),
        "uri": uri,
        "downloadUri": f"{uri}:download?alt=media",
        "state": "PROCESSING" if batch.finished_at is None else "ACTIVE",
        "source": "GENERATED",
    }


def _inlined_chunks(batch: Batch) -> Iterator[bytes]:
    before = b"["
    for result in _ended(batch):
        yield before
        metadata = {"metadata": result.item.metadata} if result.item.metadata else {}
        yield from json_chunks({**_answer(result), **metadata})
        before = b","
    yield b"]" if before == b"," else b"[]"


def _ended(batch: Batch) -> Iterator[Result]:
    for page in items_walk(tenant_id=batch.tenant_id, batch_id=batch.id, whole=True):
        yield from (result for result in page if result.item.status not in UNENDED)


def _answer(result: Result) -> dict[str, Any]:
    error = result.item.error
    if result.item.generation_id and result.detail is None:
        error = ERASED
    if result.detail is not None and (not error or error["code"] in _ANSWERED):
        config = result.detail.content.job_spec.get("generation_config", {})
        # Asked for by `includeThoughts`, and kept as this (see `config_parse`).
        thoughts = config.get("thinking_summaries") == "auto"
        return {"response": response_json(result.detail, thoughts=thoughts)}
    error = error or {"code": "canceled", "message": "The request was canceled."}
    return {"error": {"code": _CODES.get(error["code"], _INVALID), "message": str(error["message"])}}


def _output(batch: Batch, inlined: Any) -> dict[str, Any]:
    if is_file(batch):
        return {"responsesFile": f"files/{RESULTS}{batch.id.hex}"}
    return {"inlinedResponses": {"inlinedResponses": inlined}} if inlined is not None else {}
