"""References in the form: pictures and videos by id, with what the form shows of each; and how files are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse

from accounts.limits import current_reservation
from cavendish.above.console.pictures.sight import picture_of
from cavendish.above.console.playground.form import Reference
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.formats import short_id
from cavendish.db import ids
from generations.models import File, Output
from generations.services import file_upload

DRAWABLE = {"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"}
"""What browsers draw; HEIC and TIFF are shown by their name alone."""


@dataclass(frozen=True)
class ReferenceShown:
    """A reference as the form shows it. `url` is "" for what a browser cannot draw."""

    reference: Reference
    name: str
    url: str
    width: int | None
    height: int | None


def references_shown(work: Workplace, references: Sequence[Reference]) -> list[ReferenceShown]:
    """Returns those that are kept still, in the order given. Opens the tenant's context."""
    if not references:
        return []
    file_ids = [ids.decode(ids.FILE, each.id) for each in references if each.id.startswith("file_")]
    output_ids = [ids.decode(ids.OUTPUT, each.id) for each in references if each.id.startswith("out_")]
    with work.reading():
        files = File.objects.filter(id__in=file_ids, livemode=work.livemode, deleted_at=None) if file_ids else []
        rows: dict[str, File | Output] = {ids.encode(ids.FILE, file.id): file for file in files}
        if output_ids:
            outputs = Output.objects.filter(
                id__in=output_ids, generation__livemode=work.livemode, generation__deleted_at=None
            ).select_related("generation")
            rows |= {ids.encode(ids.OUTPUT, output.id): output for output in outputs}
    return [_shown(each, rows[each.id]) for each in references if each.id in rows]


def _shown(reference: Reference, row: File | Output) -> ReferenceShown:
    if isinstance(row, Output):
        picture = picture_of(row, row.generation.model, downloads=False)
        return ReferenceShown(reference, short_id(reference.id), picture.thumbnail, row.width, row.height)
    kind: Literal["image", "video"] = "video" if row.mime_type.startswith("video/") else "image"
    url = reverse("console:gallery_file", args=[reference.id]) if row.mime_type in DRAWABLE else ""
    kept = Reference(reference.id, reference.role if kind == "image" else "", kind)
    return ReferenceShown(kept, row.name or short_id(reference.id), url, row.width, row.height)


def reference_upload(work: Workplace, upload: UploadedFile[Any]) -> ReferenceShown:
    """Stores a file as `POST /api/v1/files` does, and returns it as a reference. Raises Problem."""
    who = work.principal
    current_reservation().open(who.limits, pictures=False)
    file = file_upload(who=who, upload=upload, media_only=True)
    kind: Literal["image", "video"] = "video" if file.mime_type.startswith("video/") else "image"
    return _shown(Reference(ids.encode(ids.FILE, file.id), "", kind), file)
