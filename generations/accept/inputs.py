"""From a checked request to stored inputs: inline bytes and fetched pictures become files, references are looked up.

Runs before the transaction that accepts the generation, because it touches storage and the network. What it stored is
deleted again when the generation is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import FieldError, Problem, invalid_value
from cavendish.storage import objects
from generations.models import File, Generation, Output, Status
from generations.request import GenerationRequest, Media, MediaInfo, inputs_check, uri_fetch
from generations.selectors import file_named


@dataclass(frozen=True)
class Input:
    """A picture or video of a request, where it lies. `uri` instead of a key for what the upstream fetches itself."""

    kind: str
    mime_type: str
    storage_key: str | None = None
    bytes: int = 0
    width: int | None = None
    height: int | None = None
    file_id: UUID | None = None
    output_id: UUID | None = None
    uri: str | None = None


@dataclass
class Intake:
    """The inputs by the pointer of their block, the files made for them, and the turn before."""

    inputs: dict[str, Input] = field(default_factory=dict)
    made: list[File] = field(default_factory=list)
    previous: Generation | None = None
    previous_size: tuple[int, int] | None = None

    def discard(self) -> None:
        """Deletes what was stored for a generation that was not accepted."""
        for file in self.made:
            objects().delete(file.storage_key)


def intake_read(parsed: GenerationRequest, *, tenant_id: UUID, livemode: bool, spool: Path) -> Intake:
    """Raises Problem: 404 for an id that is unknown, foreign or deleted; 422 for bytes that are not what was said."""
    intake = Intake()
    if parsed.previous_id or any(media.source in {"file_id", "output_id"} for media in parsed.media()):
        with tenant_context(tenant_id):
            _look_up(parsed, intake, livemode)
    infos = inputs_check(parsed)
    fetched = {
        media.pointer: uri_fetch(
            media,
            spool,
            max_bytes=settings.MAX_BODY_BYTES,
            dialect=parsed.dialect,
            allowed=(*parsed.model.input_mime_types, *parsed.model.video_mime_types),
        )
        for media in parsed.media()
        if media.needs_fetch
    }
    try:
        for media in parsed.media():
            if media.source == "data":
                assert media.data is not None
                _store(intake, media, media.data, infos[media.pointer], tenant_id, livemode, File.Source.INLINE)
            elif media.needs_fetch:
                spilled, info = fetched[media.pointer]
                _store(intake, media, spilled, info, tenant_id, livemode, File.Source.URL)
            elif media.source == "uri":
                intake.inputs[media.pointer] = Input(
                    kind=media.kind, mime_type=media.mime_type or "video/mp4", uri=media.uri
                )
    except BaseException:
        intake.discard()
        raise
    return intake


def _look_up(parsed: GenerationRequest, intake: Intake, livemode: bool) -> None:
    """One answer for ids that are malformed, unknown, another tenant's, of the other mode or deleted: 404."""
    for media in parsed.media():
        if media.source == "file_id":
            file = file_named(media.file_id or "", livemode=livemode)
            if file is None:
                raise _unknown(media.place, "file")
            if not file.mime_type.startswith(media.kind + "/"):
                raise invalid_value(media.place, "wrong_kind", f"The file is {file.mime_type}; {media.kind} is needed.")
            intake.inputs[media.pointer] = Input(
                kind=media.kind,
                mime_type=file.mime_type,
                storage_key=file.storage_key,
                bytes=file.bytes,
                width=file.width,
                height=file.height,
                file_id=file.id,
            )
        elif media.source == "output_id":
            wanted = ids.decode(ids.OUTPUT, media.output_id or "")
            output = (
                Output.objects.filter(
                    id=wanted, generation__livemode=livemode, generation__deleted_at=None, part=Output.Part.OUTPUT
                ).first()
                if wanted
                else None
            )
            if output is None:
                raise _unknown(media.place, "output")
            intake.inputs[media.pointer] = Input(
                kind="image",
                mime_type=output.mime_type,
                storage_key=output.storage_key,
                bytes=output.bytes,
                width=output.width,
                height=output.height,
                output_id=output.id,
            )
    if parsed.previous_id:
        intake.previous = _previous(parsed.previous_id, livemode)
        last = Output.objects.filter(generation=intake.previous, part=Output.Part.OUTPUT).order_by("-index").first()
        intake.previous_size = (last.width, last.height) if last else None


def _previous(text: str, livemode: bool) -> Generation:
    pointer = "/previous_generation_id"
    wanted = ids.decode(ids.GENERATION, text)
    found: Generation | None = (
        Generation.objects.filter(id=wanted, livemode=livemode, deleted_at=None).first() if wanted else None
    )
    if found is None:
        raise _unknown(pointer, "generation")
    if found.status != Status.SUCCEEDED:
        raise invalid_value(
            pointer, "not_finished", f"It is {found.status}; only a succeeded generation can be continued."
        )
    if not found.store:
        raise invalid_value(
            pointer, "not_stored", 'It was made with "store": false; such a generation cannot be continued.'
        )
    return found


def _unknown(pointer: str, what: str) -> Problem:
    """The same for an id that is malformed, unknown, deleted or another tenant's."""
    return Problem(
        404,
        "not_found",
        f"There is no such {what}.",
        errors=[FieldError(pointer, "not_found", f"There is no such {what}.")],
    )


def _store(
    intake: Intake, media: Media, spilled: Spilled, info: MediaInfo, tenant_id: UUID, livemode: bool, source: str
) -> None:
    file_id = ids.new_id()
    file = File(
        id=file_id,
        tenant_id=tenant_id,
        livemode=livemode,
        source=source,
        mime_type=info.mime_type,
        width=info.width,
        height=info.height,
        bytes=info.bytes,
        sha256=info.sha256,
        storage_key=file_key(tenant_id, file_id),
    )
    objects().keep(spilled.path, file.storage_key)
    intake.made.append(file)
    intake.inputs[media.pointer] = Input(
        kind=media.kind,
        mime_type=info.mime_type,
        storage_key=file.storage_key,
        bytes=info.bytes,
        width=info.width,
        height=info.height,
        file_id=file_id,
    )


def file_key(tenant_id: UUID, file_id: UUID) -> str:
    return f"tenants/{tenant_id.hex}/files/{file_id.hex}"


def as_json(value: Input) -> dict[str, Any]:
    """The block that a plan keeps: our ids for people, the key for the worker."""
    if value.uri is not None:
        return {"type": value.kind, "uri": value.uri, "mime_type": value.mime_type}
    block: dict[str, Any] = {
        "type": value.kind,
        "mime_type": value.mime_type,
        "storage_key": value.storage_key,
        "bytes": value.bytes,
    }
    if value.file_id is not None:
        block["file_id"] = ids.encode(ids.FILE, value.file_id)
    if value.output_id is not None:
        block["output_id"] = ids.encode(ids.OUTPUT, value.output_id)
    return block
