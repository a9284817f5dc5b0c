"""Reads of generations, inside a tenant's door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import Charge, Hold
from generations.models import File, Generation, GenerationContent, Output


@dataclass(frozen=True)
class Whole:
    """A generation with everything that its representation shows."""

    generation: Generation
    content: GenerationContent
    outputs: list[Output]
    hold: Hold | None
    charge: Charge | None
    position: int | None


def generation_find(generation_id: UUID, *, livemode: bool | None) -> Generation | None:
    """`livemode` None is for a signed link, which names exactly one generation."""
    query = Generation.objects.filter(id=generation_id, deleted_at=None)
    if livemode is not None:
        query = query.filter(livemode=livemode)
    found: Generation | None = query.first()
    return found


def generations_load(generations: Sequence[Generation]) -> list[Whole]:
    """The parts of a page of generations, in a fixed number of queries, in the order given."""
    ids = [generation.id for generation in generations]
    contents = {content.pk: content for content in GenerationContent.objects.filter(pk__in=ids).defer("plan", "steps")}
    charges = {charge.pk: charge for charge in Charge.objects.filter(pk__in=ids)}
    held = [generation.id for generation in generations if generation.id not in charges]
    holds = {hold.pk: hold for hold in Hold.objects.filter(pk__in=held)} if held else {}
    outputs: dict[UUID, list[Output]] = {}
    for output in Output.objects.filter(generation_id__in=ids).order_by("part", "index"):
        outputs.setdefault(output.generation_id, []).append(output)
    return [
        Whole(
            generation=generation,
            content=contents[generation.id],
            outputs=outputs.get(generation.id, []),
            hold=holds.get(generation.id),
            charge=charges.get(generation.id),
            position=_position(generation) if generation.status == "queued" else None,
        )
        for generation in generations
    ]


def _position(generation: Generation) -> int:
    """Place among the tenant's own waiting jobs, from 1; what other tenants have waiting is nobody's business."""
    before: int = Generation.objects.filter(
        tenant_id=generation.tenant_id, status="queued", priority=generation.priority, id__lt=generation.id
    ).count()
    return before + 1


def file_find(file_id: UUID, *, livemode: bool) -> File | None:
    found: File | None = File.objects.filter(id=file_id, livemode=livemode, deleted_at=None).first()
    return found


def output_find(output_id: UUID, *, livemode: bool | None) -> Output | None:
    """`livemode` None is for a signed URL, which names exactly one output."""
    query = Output.objects.filter(id=output_id, generation__deleted_at=None).select_related("generation")
    if livemode is not None:
        query = query.filter(generation__livemode=livemode)
    found: Output | None = query.first()
    return found


def tenant_of_output(output_id: UUID) -> UUID | None:
    """Whose output a checked signed URL names; no door is open yet."""
    return _tenant_of("SELECT output_tenant(%s)", output_id)


def tenant_of_generation(generation_id: UUID) -> UUID | None:
    return _tenant_of("SELECT generation_tenant(%s)", generation_id)


def _tenant_of(query: str, subject: UUID) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(query, [subject])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row[0] if row else None
