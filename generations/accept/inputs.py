"""The inputs of a checked request: inline bytes and fetched pictures become files, references are looked up.

Runs before the transaction that accepts the generation, because it touches storage and the network. What it stored is
deleted again when the generation is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import FieldError, Problem, invalid_value
from cavendish.storage import objects
from generations.accept.fetches import uris_fetch
from generations.accept.storage import storage_check
from generations.models import File, Generation, Output, Status
from generations.request import GenerationRequest, Media, MediaInfo, inputs_check
from generations.selectors import file_named, generation_find


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

    def as_block(self) -> dict[str, Any]:
        """The block that a job's specification keeps: our ids for people, the key for the worker."""
        if self.uri is not None:
            return {"type": self.kind, "uri": self.uri, "mime_type": self.mime_type}
        block: dict[str, Any] = {
            "type": self.kind,
            "mime_type": self.mime_type,
            "storage_key": self.storage_key,
            "bytes": self.bytes,
        }
        if self.file_id is not None:
            block["file_id"] = ids.encode(ids.FILE, self.file_id)
        if self.output_id is not None:
            block["output_id"] = ids.encode(ids.OUTPUT, self.output_id)
        return block


@dataclass
class Inputs:
    """The inputs by the pointer of their block, the files made for them, and the turn that is continued."""

    by_pointer: dict[str, Input] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    previous: Generation | None = None
    previous_size: tuple[int, int] | None = None

    def file_ids(self) -> dict[str, str]:
        """Pointer → public file id, for the request as it is shown: bytes replaced by file ids."""
        return {
            pointer: ids.encode(ids.FILE, input.file_id)
            for pointer, input in self.by_pointer.items()
            if input.file_id is not None
        }

    def discard(self) -> None:
        """Deletes what was stored for a generation that was not accepted."""
        for file in self.files:
            objects().delete(file.storage_key)


def inputs_store(
    parsed: GenerationRequest, *, tenant_id: UUID, livemode: bool, spool: Path, is_quote: bool = False
) -> Inputs:
    """Looks up what the request refers to, and stores what it brings or names by address.

    Raises Problem: 404 for an id that is unknown, foreign or deleted; 422 for bytes that are not what was said; 403
    where the tenant has no room for it (not for a quote, which keeps nothing); 429 and 503 where too much is being
    fetched already. Then nothing stays stored.
    """
    inputs = Inputs()
    if parsed.previous_id or any(media.source in {"file_id", "output_id"} for media in parsed.media()):
        with tenant_context(tenant_id):
            _look_up(parsed, inputs, livemode)
    infos = inputs_check(parsed)
    inline = sum(info.bytes for info in infos.values())
    # Of a request that brings nothing `generation_submit` sees whether the tenant has room for its answer.
    brings = inline or any(media.needs_fetch for media in parsed.media())
    if brings and not is_quote:
        storage_check(tenant_id=tenant_id, incoming=inline)
    fetched = uris_fetch(parsed, tenant_id=tenant_id, spool=spool)
    if fetched and not is_quote:
        total = inline + sum(info.bytes for _, info in fetched.values())
        storage_check(tenant_id=tenant_id, incoming=total)
    try:
        for media in parsed.media():
            if media.source == "data":
                assert media.data is not None
                _store(inputs, media, media.data, infos[media.pointer], tenant_id, livemode, File.Source.INLINE)
            elif media.needs_fetch:
                spilled, info = fetched[media.pointer]
                _store(inputs, media, spilled, info, tenant_id, livemode, File.Source.URL)
            elif media.source == "uri":
                inputs.by_pointer[media.pointer] = Input(
                    kind=media.kind, mime_type=media.mime_type or "video/mp4", uri=media.uri
                )
    except BaseException:
        inputs.discard()
        raise
    return inputs


def _look_up(parsed: GenerationRequest, inputs: Inputs, livemode: bool) -> None:
    """Adds the files, the outputs and the turn that the request refers to; needs the tenant's context.

    Raises the one 404 for an id that is malformed, unknown, another tenant's, of the other mode or deleted.
    """
    for media in parsed.media():
        if media.source == "file_id":
            file = file_named(media.file_id or "", livemode=livemode)
            if file is None:
                raise _unknown(media.source_pointer, "file")
            if not file.mime_type.startswith(media.kind + "/"):
                detail = f"The file is {file.mime_type}; {media.kind} is needed."
                raise invalid_value(media.source_pointer, "wrong_kind", detail)
            inputs.by_pointer[media.pointer] = Input(
                kind=media.kind,
                mime_type=file.mime_type,
                storage_key=file.storage_key,
                bytes=file.bytes,
                width=file.width,
                height=file.height,
                file_id=file.id,
            )
        elif media.source == "output_id":
            output = _output(media.output_id or "", livemode)
            if output is None:
                raise _unknown(media.source_pointer, "output")
            inputs.by_pointer[media.pointer] = Input(
                kind="image",
                mime_type=output.mime_type,
                storage_key=output.storage_key,
                bytes=output.bytes,
                width=output.width,
                height=output.height,
                output_id=output.id,
            )
    if parsed.previous_id:
        inputs.previous = _previous(parsed, parsed.previous_id, livemode)
        last = Output.objects.filter(generation=inputs.previous, part=Output.Part.OUTPUT).order_by("-index").first()
        inputs.previous_size = (last.width, last.height) if last else None


def _output(public_id: str, livemode: bool) -> Output | None:
    output_id = ids.decode(ids.OUTPUT, public_id)
    if output_id is None:
        return None
    rows = Output.objects.filter(id=output_id, generation__livemode=livemode, generation__deleted_at=None)
    output: Output | None = rows.filter(part=Output.Part.OUTPUT).first()
    return output


def _previous(parsed: GenerationRequest, public_id: str, livemode: bool) -> Generation:
    # One field under two names; the error is told under the one that was sent.
    names = ("previous_generation_id", "previous_interaction_id")
    pointer = next((f"/{name}" for name in names if parsed.document.get(name)), f"/{names[0]}")
    generation_id = ids.decode(ids.GENERATION, public_id)
    generation = generation_find(generation_id, livemode=livemode) if generation_id else None
    if generation is None:
        raise _unknown(pointer, "generation")
    if generation.status != Status.SUCCEEDED:
        raise invalid_value(
            pointer, "not_finished", f"It is {generation.status}; only a succeeded generation can be continued."
        )
    if not generation.store:
        raise invalid_value(
            pointer, "not_stored", 'It was made with "store": false; such a generation cannot be continued.'
        )
    return generation


def _unknown(pointer: str, noun: str) -> Problem:
    """One problem for an id that is malformed, unknown, deleted or another tenant's."""
    detail = f"There is no such {noun}."
    return Problem(404, "not_found", detail, errors=[FieldError(pointer, "not_found", detail)])


def _store(
    inputs: Inputs, media: Media, spilled: Spilled, info: MediaInfo, tenant_id: UUID, livemode: bool, source: str
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
    inputs.files.append(file)
    inputs.by_pointer[media.pointer] = Input(
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
