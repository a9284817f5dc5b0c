"""From what a client sent to a batch: the same for both APIs, which differ in where they say things."""

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
from generations.batches.services import batch_create, input_key
from generations.batches.source import Place, line_places, object_mapped
from generations.models import Batch
from generations.request import JSONL
from generations.selectors import file_named


@dataclass(frozen=True)
class BatchRequest:
    """What is said of a batch beside its items."""

    dialect: Batch.Dialect
    model: str = ""
    name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


def batch_of_items(*, who: Principal, wanted: BatchRequest, body: Path, pointers: Sequence[Place]) -> Batch:
    """`body` is the request's body in the spool; it becomes the batch's input as it is. Raises Problem."""
    batch_id = ids.new_id()
    key = input_key(who.tenant_id, batch_id)
    objects().keep(body, key)
    try:
        return _create(who, wanted, batch_id, key, None, pointers)
    except BaseException:
        objects().delete(key)
        raise


def batch_of_file(*, who: Principal, wanted: BatchRequest, name: str, pointer: str, spool: Path) -> Batch:
    """`name` is the file's id, or what its client called it. Reads it once, for the places of its lines.

    Raises Problem: 404 for a file that is not the tenant's.
    """
    with tenant_context(who.tenant_id):
        file = file_named(name, livemode=who.livemode)
    if file is None:
        raise _unknown(pointer)
    if file.mime_type != JSONL:
        raise invalid_value(pointer, "wrong_kind", f"The file is {file.mime_type}; {JSONL} is needed.")
    try:
        with object_mapped(file.storage_key, spool) as text:
            pointers = line_places(text, pointer=pointer)
    except ObjectMissing:
        raise _unknown(pointer) from None
    return _create(who, wanted, ids.new_id(), file.storage_key, file.id, pointers)


def _create(
    who: Principal, wanted: BatchRequest, batch_id: UUID, key: str, file_id: UUID | None, pointers: Sequence[Place]
) -> Batch:
    return batch_create(
        who=who,
        batch_id=batch_id,
        dialect=wanted.dialect,
        pointers=pointers,
        input_key=key,
        input_file=file_id,
        model=wanted.model,
        name=wanted.name,
        metadata=wanted.metadata,
    )


def _unknown(pointer: str) -> Problem:
    said = "There is no such file."
    return Problem(404, "not_found", said, errors=[FieldError(pointer, "not_found", said)])
