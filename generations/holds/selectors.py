"""What is held. The app's role, in its tenant's context, and the operator's ask alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from cavendish.db import ids
from generations.errors import LegalHoldInForce
from generations.models import GenerationContent, LegalHold


def tenant_is_held(tenant_id: UUID) -> bool:
    """Returns whether anything of the tenant is held."""
    return bool(LegalHold.objects.filter(tenant_id=tenant_id, released_at=None).exists())


def hold_check(*, tenant_id: UUID, noun: str, generation_id: UUID | None = None) -> None:
    """Raises LegalHoldInForce where everything of the tenant is held, or that generation."""
    rows = LegalHold.objects.filter(tenant_id=tenant_id, released_at=None)
    if rows.filter(Q(generation_id=None) | Q(generation_id=generation_id)).exists():
        raise LegalHoldInForce(noun)


def batch_check(*, tenant_id: UUID, batch_id: UUID) -> None:
    """Raises LegalHoldInForce where everything of the tenant is held, or a generation of the batch."""
    hold_check(tenant_id=tenant_id, noun="batch")
    if LegalHold.objects.filter(tenant_id=tenant_id, released_at=None, generation__batch_id=batch_id).exists():
        raise LegalHoldInForce("batch")


def tenant_held() -> Exists:
    """Returns the condition that everything of a row's tenant is held, for queries over tenants."""
    return Exists(LegalHold.objects.filter(tenant_id=OuterRef("tenant_id"), generation=None, released_at=None))


def generation_held() -> Exists:
    """Returns the condition that a generation is held by itself."""
    return Exists(LegalHold.objects.filter(generation_id=OuterRef("id"), released_at=None))


def held_files(tenant_id: UUID | None = None) -> set[UUID]:
    """Returns the files that held generations were asked with: of one tenant, or of all as the operator."""
    held = LegalHold.objects.filter(released_at=None, generation__isnull=False)
    if tenant_id is not None:
        held = held.filter(tenant_id=tenant_id)
    generation_ids = list(held.values_list("generation_id", flat=True))
    if not generation_ids:
        return set()
    specs = GenerationContent.objects.filter(generation_id__in=generation_ids).values_list("job_spec", flat=True)
    return {file_id for spec in specs for file_id in files_in(spec)}


def files_in(job_spec: Mapping[str, Any]) -> list[UUID]:
    """Returns the files that a job's steps name; one that was erased has none."""
    blocks = [block for step in job_spec.get("steps", ()) for block in step.get("content", ())]
    decoded = (ids.decode(ids.FILE, block["file_id"]) for block in blocks if "file_id" in block)
    return [file_id for file_id in decoded if file_id is not None]
