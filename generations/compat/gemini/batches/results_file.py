"""The file of results of a batch: named as a file, written while it is downloaded."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse

from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found
from cavendish.http.times import moment
from generations.batches.selectors import batch_find
from generations.compat.gemini.batches.representation import RESULTS, file_pieces
from generations.models import Batch
from generations.request import JSONL

_NAME = re.compile(RESULTS + "[0-9a-f]{32}")


def batch_load(who: Principal, text: str) -> Batch:
    """By the id in its name. One that was made natively is of no use here. Raises Problem 404."""
    wanted: UUID | None = ids.decode(ids.BATCH, f"{ids.BATCH}_{text}")
    if wanted is not None:
        with tenant_context(who.tenant_id):
            batch = batch_find(wanted, livemode=who.livemode)
        if batch is not None and batch.dialect == Batch.Dialect.GEMINI:
            return batch
    raise not_found()


def is_results(file_id: str) -> bool:
    """Whether it is such a file's name; a client may name its own files almost anything else."""
    return _NAME.fullmatch(file_id) is not None


def results_file_json(who: Principal, file_id: str) -> dict[str, Any]:
    """Without a size: that shows when it is written."""
    batch = batch_load(who, file_id.removeprefix(RESULTS))
    uri = f"{settings.BASE_URL}/v1beta/files/{file_id}"
    return {
        "name": f"files/{file_id}",
        "displayName": batch.name,
        "mimeType": JSONL,
        "createTime": moment(batch.created_at),
        "updateTime": moment(batch.finished_at or batch.created_at),
        "uri": uri,
        "downloadUri": f"{uri}:download?alt=media",
        "state": "PROCESSING" if batch.finished_at is None else "ACTIVE",
        "source": "GENERATED",
    }


def results_response(who: Principal, file_id: str) -> StreamingHttpResponse:
    batch = batch_load(who, file_id.removeprefix(RESULTS))
    headers = {"Content-Disposition": f'attachment; filename="{file_id}.jsonl"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(file_pieces(batch), content_type=JSONL, headers=headers)
