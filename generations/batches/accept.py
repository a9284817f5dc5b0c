"""From what a client sent to a batch: the same for every API; each says things in another place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from accounts.authentication.principal import Principal
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, Problem, invalid_value
from cavendish.storage import ObjectMissing, objects
from generations.accept.storage import storage_check
from generations.batches.services import batch_create, input_key
from generations.batches.source import ItemSpan, line_spans, object_mapped
from generations.models import Batch
from generations.request import JSONL, JobWebhooks
from generations.selectors import file_named


@dataclass(frozen=True)
class BatchRequest:
    """Everything that a client says of a batch beside its items."""

    dialect: Batch.Dialect
    model: str = ""
    name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    webhooks: JobWebhooks | None = None


def batch_of_items(*, who: Principal, batch_request: BatchRequest, body: Path, spans: Sequence[ItemSpan]) -> Batch:
    """Makes a batch of inline items. `body`, the request's in the spool, becomes its input as it is. Raises Problem."""
    batch_id = ids.new_id()
    key = input_key(who.tenant_id, batch_id)
    size = body.stat().st_size
    storage_check(tenant_id=who.tenant_id, incoming=size)
    objects().keep(body, key)
    try:
        return _create(who, batch_request, batch_id, key, None, spans, size)
    except BaseException:
        objects().delete(key)
        raise


def batch_of_file(*, who: Principal, batch_request: BatchRequest, name: str, pointer: str, spool: Path) -> Batch:
    """Makes a batch of an uploaded file, which is read once, for where its lines stand.

    `name` is the file's id, or what its client called it. Raises Problem: 404 for a file that is not the tenant's.
    """
    with tenant_context(who.tenant_id):
        file = file_named(name, livemode=who.livemode)
    if file is None:
        raise _unknown(pointer)
    if file.mime_type != JSONL:
        raise invalid_value(pointer, "wrong_kind", f"The file is {file.mime_type}; {JSONL} is needed.")
    try:
        with object_mapped(file.storage_key, spool) as text:
            spans = line_spans(text, pointer=pointer)
    except ObjectMissing:
        raise _unknown(pointer) from None
    return _create(who, batch_request, ids.new_id(), file.storage_key, file.id, spans)


def _create(
    who: Principal,
    batch_request: BatchRequest,
    batch_id: UUID,
    key: str,
    file_id: UUID | None,
    spans: Sequence[ItemSpan],
    input_bytes: int = 0,
) -> Batch:
    return batch_create(
        who=who,
        batch_id=batch_id,
        dialect=batch_request.dialect,
        spans=spans,
        input_key=key,
        input_bytes=input_bytes,
        input_file=file_id,
        model=batch_request.model,
        name=batch_request.name,
        metadata=batch_request.metadata,
        webhooks=batch_request.webhooks,
    )


def _unknown(pointer: str) -> Problem:
    detail = "There is no such file."
    return Problem(404, "not_found", detail, errors=[FieldError(pointer, "not_found", detail)])
