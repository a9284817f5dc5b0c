"""The file of results of a batch: named as a file, written while it is downloaded."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import StreamingHttpResponse

from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import not_found
from generations.batches.selectors import batch_find
from generations.compat.gemini.batches.representation import RESULTS, results_chunks
from generations.models import Batch
from generations.request import JSONL

_NAME = re.compile(RESULTS + "[0-9a-f]{32}")


def batch_load(who: Principal, text: str) -> Batch:
    """The batch whose id is in a name of this API. One that the native API made is none here. Raises Problem 404."""
    batch_id: UUID | None = ids.decode(ids.BATCH, f"{ids.BATCH}_{text}")
    if batch_id is not None:
        with tenant_context(who.tenant_id):
            batch = batch_find(batch_id, livemode=who.livemode)
        if batch is not None and batch.dialect == Batch.Dialect.GEMINI:
            return batch
    raise not_found()


def is_results(file_id: str) -> bool:
    """Whether a name is that of a file of results; clients may name their own files almost anything else."""
    return _NAME.fullmatch(file_id) is not None


def results_load(who: Principal, file_id: str) -> Batch:
    """The batch whose results a file's name stands for. Raises Problem 404."""
    return batch_load(who, file_id.removeprefix(RESULTS))


def results_response(who: Principal, file_id: str) -> StreamingHttpResponse:
    batch = results_load(who, file_id)
    headers = {"Content-Disposition": f'attachment; filename="{file_id}.jsonl"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(results_chunks(batch), content_type=JSONL, headers=headers)
