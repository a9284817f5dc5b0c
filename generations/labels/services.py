"""Writes of tags, favorites and ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from cavendish.db.storable import is_storable
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, invalid
from generations.labels.folding import MAX_CHARS, MAX_FOLDED, MAX_TAGS, tag_folded
from generations.models import Generation, GenerationTag, Output
from generations.selectors import output_find


def generation_tag(*, tenant_id: UUID, generation_id: UUID, livemode: bool, tags: Sequence[str]) -> bool:
    """Gives a generation these tags and no others, of two that are alike the first. False when there is none.

    The row is locked: two that tag at once come one after the other, and a generation that is erased gets none.
    """
    by_folded: dict[str, str] = {}
    for tag in tags:
        by_folded.setdefault(tag_folded(tag), tag)
    with tenant_context(tenant_id):
        rows = Generation.objects.filter(id=generation_id, livemode=livemode, deleted_at=None)
        if rows.select_for_update(no_key=True).first() is None:
            return False
        GenerationTag.objects.filter(generation_id=generation_id).delete()
        GenerationTag.objects.bulk_create(
            GenerationTag(tenant_id=tenant_id, generation_id=generation_id, tag=tag, folded=folded)
            for folded, tag in by_folded.items()
        )
    return True


def generation_tags_change(
    *, tenant_id: UUID, generation_id: UUID, livemode: bool, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> bool:
    """Adds tags to those of a generation, after it took others away. False when there is no such generation.

    A tag that it has already in other letters stays as it is. Raises Problem 422 for a tag that cannot be and for too
    many of them.
    """
    for tag in add:
        if not (tag_folded(tag) and is_storable(tag) and len(tag) <= MAX_CHARS and len(tag_folded(tag)) <= MAX_FOLDED):
            raise invalid([FieldError("/tags", "unknown_value", f"A tag has 1 to {MAX_CHARS} characters.")])
    with tenant_context(tenant_id):
        rows = Generation.objects.filter(id=generation_id, livemode=livemode, deleted_at=None)
        if rows.select_for_update(no_key=True).first() is None:
            return False
        known = GenerationTag.objects.filter(generation_id=generation_id)
        known.filter(folded__in=[tag_folded(tag) for tag in remove]).delete()
        has = set(known.values_list("folded", flat=True))
        new: dict[str, str] = {}
        for tag in add:
            if tag_folded(tag) not in has:
                new.setdefault(tag_folded(tag), tag)
        if len(has) + len(new) > MAX_TAGS:
            raise invalid([FieldError("/tags", "too_many", f"A generation has at most {MAX_TAGS} tags.")])
        GenerationTag.objects.bulk_create(
            GenerationTag(tenant_id=tenant_id, generation_id=generation_id, tag=tag, folded=folded)
            for folded, tag in new.items()
        )
    return True


def output_label(*, tenant_id: UUID, output_id: UUID, livemode: bool, changed: Mapping[str, Any]) -> bool:
    """Changes `favorite` and `rating` of an output, those that are named. False when there is none."""
    with tenant_context(tenant_id):
        if output_find(output_id, livemode=livemode) is None:
            return False
        return bool(Output.objects.filter(id=output_id).update(**changed)) if changed else True
