"""Writes of generations. Each opens the tenant's context itself; storage and network stay outside of it."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add
from accounts.authentication.principal import Principal
from accounts.contracts import DayRefusal
from accounts.idempotency import note_created
from accounts.models import Tenant
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.storable import storable
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import invalid_value, too_large
from cavendish.messaging import valkey
from cavendish.storage import objects
from generations.accept.funnel import check_active, request_spool
from generations.accept.inputs import file_key
from generations.accept.storage import storage_check
from generations.errors import LegalHoldInForce, NotCancelable, NotFinished, refusal_of
from generations.holds.selectors import files_in, held_files, hold_check
from generations.models import (
    TERMINAL,
    Derivative,
    File,
    Generation,
    GenerationContent,
    GenerationTag,
    GenerationTerms,
    Output,
    ShareLink,
    Status,
)
from generations.request import JSONL, MediaInfo, upload_check
from generations.selectors import generation_find

# Google's own time for uploads.
SDK_UPLOAD_LIFETIME = timedelta(days=2)


def generation_cancel(
    *, tenant_id: UUID, generation_id: UUID, livemode: bool, actor: Actor = SYSTEM, reason: str = ""
) -> str | None:
    """Cancels: a queued generation at once, a running one by asking its worker. Repeating it is fine.

    With a reason, which is for operators, it is audited.
    Returns the status before, None when there is no such generation. Raises NotCancelable when it has ended otherwise.
    """
    with tenant_context(tenant_id):
        generation = generation_find(generation_id, livemode=livemode)
        if generation is None:
            return None
        was: str | None = call("generation_cancel", tenant_id, generation_id)
        if was in {Status.SUCCEEDED, Status.FAILED}:
            raise NotCancelable(was)
        if reason and was != Status.CANCELED and generation.cancel_requested_at is None:
            audit_add(
                actor=actor,
                action="generation.canceled",
                tenant_id=tenant_id,
                target="generation",
                target_id=generation_id,
                before={"status": was},
                after={"reason": reason},
            )
        if was == Status.RUNNING:
            transaction.on_commit(lambda: valkey.publish(valkey.CANCEL, generation_id))
        elif was == Status.QUEUED:
            transaction.on_commit(lambda: valkey.publish(valkey.ENDED, generation_id))
    return was


def generation_delete(*, tenant_id: UUID, generation_id: UUID, livemode: bool) -> bool:
    """Erases the request and the outputs; the job's row and its charge stay, without content.

    Pictures that came inline or were fetched for it go too; uploaded files stay, they are the tenant's to delete. False
    when there is no such generation. Raises NotFinished for one that has not ended, LegalHoldInForce.
    """
    with tenant_context(tenant_id):
        generation = generation_find(generation_id, livemode=livemode)
        if generation is None:
            return False
        if generation.status not in TERMINAL:
            raise NotFinished(generation.status)
        hold_check(tenant_id=tenant_id, generation_id=generation_id, noun="generation")
        # Locked, so that a smaller picture that is being stored is either seen here, or finds its output gone.
        outputs = Output.objects.select_for_update().filter(generation_id=generation_id).order_by("id")
        keys = [output.storage_key for output in outputs]
        derived = Derivative.objects.filter(output__generation_id=generation_id)
        keys += derived.values_list("storage_key", flat=True)
        derived.delete()
        Output.objects.filter(generation_id=generation_id).delete()
        ShareLink.objects.filter(generation_id=generation_id).delete()
        own_files = (
            File.objects.filter(
                id__in=files_in(GenerationContent.objects.get(pk=generation_id).job_spec), deleted_at=None
            )
            .exclude(source=File.Source.UPLOAD)
            .exclude(id__in=held_files(tenant_id))
        )
        if generation.group_id is not None and _has_siblings(generation):
            own_files = own_files.none()
        keys += own_files.values_list("storage_key", flat=True)
        own_files.update(deleted_at=timezone.now())
        GenerationContent.objects.filter(generation_id=generation_id).update(
            request={}, job_spec={}, content=[], thoughts=[], grounding=None, steps=[], usage_reported=None, notices=[]
        )
        Generation.objects.filter(id=generation_id).update(
            deleted_at=timezone.now(), metadata={}, request_id="", trace_id=""
        )
        # After the row above, whose lock keeps others from bringing back what is taken here.
        GenerationTag.objects.filter(generation_id=generation_id).delete()
        GenerationTerms.objects.filter(generation_id=generation_id).update(terms=[])
    for key in keys:
        objects().delete(key)
    return True


def share_link_create(
    *, tenant_id: UUID, generation_id: UUID, livemode: bool, expires_at: datetime | None, actor: Actor = SYSTEM
) -> ShareLink | None:
    """Makes a link that lasts until then, or until it is revoked. None when there is no such generation."""
    with tenant_context(tenant_id):
        if generation_find(generation_id, livemode=livemode) is None:
            return None
        row: ShareLink = ShareLink.objects.create(
            tenant_id=tenant_id, generation_id=generation_id, expires_at=expires_at
        )
        row.refresh_from_db(fields=["created_at"])
        note_created(row.id)
        _audit_share_link(actor, "created", row)
    return row


def share_link_revoke(*, tenant_id: UUID, share_link_id: UUID, livemode: bool, actor: Actor = SYSTEM) -> bool:
    """Ends a link at once. False when there is no such link."""
    with tenant_context(tenant_id):
        rows = ShareLink.objects.filter(id=share_link_id, generation__livemode=livemode)
        row: ShareLink | None = rows.first()
        # Of two who revoke it at once, one has ended it.
        if row is None or not rows.delete()[0]:
            return False
        _audit_share_link(actor, "revoked", row)
    return True


def _audit_share_link(actor: Actor, done: str, row: ShareLink) -> None:
    facts = {"generation": ids.encode(ids.GENERATION, row.generation_id), "expires_at": row.expires_at}
    audit_add(
        actor=actor,
        action=f"share_link.{done}",
        tenant_id=row.tenant_id,
        target="share_link",
        target_id=row.id,
        before=facts if done == "revoked" else None,
        after=facts if done == "created" else None,
    )


def _has_siblings(generation: Generation) -> bool:
    """Returns whether another variant of the same request is kept: the files that the request brought are its too.

    The lock lets one of two deletions at once be the last.
    """
    group = Generation.objects.filter(group_id=generation.group_id).order_by("id").select_for_update()
    return any(each.deleted_at is None for each in group if each.id != generation.id)


def file_upload(*, who: Principal, upload: UploadedFile[Any], media_only: bool = False) -> File:
    """Checks and stores what came as a form's file: a picture, a video or, unless `media_only`, a batch's JSONL.

    Raises Problem: 413 where it is too large, 422 for bytes that are none of these or not what was declared, 403 where
    the tenant has no room or is not active. Then nothing is kept.
    """
    check_active(who)
    if (upload.size or 0) > settings.MAX_FILE_BYTES:
        raise too_large(f"A file may have {settings.MAX_FILE_BYTES} bytes.", limit=settings.MAX_FILE_BYTES)
    declared = upload.content_type or None
    # curl and browsers send this when they do not know the type: it declares nothing. Nor does a type that a browser
    # makes of a name, where people choose pictures.
    if declared == "application/octet-stream" or media_only:
        declared = None
    storage_check(tenant_id=who.tenant_id, incoming=upload.size or 0)
    with request_spool() as spool:
        path = _spooled(upload, spool)
        info = upload_check(path, declared=declared, name=upload.name or "")
        if media_only and info.mime_type == JSONL:
            raise invalid_value("/file", "wrong_kind", "This is a batch's JSONL; give a picture or a video.")
        return file_create(
            tenant_id=who.tenant_id,
            livemode=who.livemode,
            name=storable(Path(upload.name or "").name[:255]),
            path=path,
            info=info,
        )


def _spooled(upload: UploadedFile[Any], spool: Path) -> Path:
    """The upload as a file in the spool: large ones were written to disk by Django as they came and are moved."""
    spool.mkdir(mode=0o700, parents=True)
    path = spool / "upload"
    if isinstance(upload, TemporaryUploadedFile):
        # not a rename: the system's temporary folder is often another file system, in memory
        shutil.move(upload.temporary_file_path(), path)
        upload.file.delete = False  # type: ignore[union-attr]
        return path
    with path.open("wb") as target:
        for chunk in upload.chunks():
            target.write(chunk)
    return path


def file_create(
    *,
    tenant_id: UUID,
    livemode: bool,
    name: str,
    path: Path,
    info: MediaInfo,
    file_id: UUID | None = None,
    expires: bool = False,
    resource_name: str | None = None,
    is_counted: bool = False,
) -> File:
    """Stores an uploaded file and its row. The bytes go first: bytes without a row are found, a row must have bytes.

    `is_counted` says that the bytes were counted for a test key's day as they came. `file_id` where it was fixed before
    the bytes came; `expires` deletes it after the tenant's days for inputs, or
    after Google's two where the tenant has none.
    """
    file_id = file_id or ids.new_id()
    key = file_key(tenant_id, file_id)
    objects().keep(path, key)
    try:
        with tenant_context(tenant_id):
            note_created(file_id)
            if not livemode and not is_counted:
                _day_reserve(tenant_id, info.bytes)
            expires_at = None
            if expires:
                days = Tenant.objects.values_list("input_retention_days", flat=True).get(id=tenant_id)
                expires_at = timezone.now() + (SDK_UPLOAD_LIFETIME if days is None else timedelta(days=days))
            file: File = File.objects.create(
                id=file_id,
                tenant_id=tenant_id,
                livemode=livemode,
                source=File.Source.UPLOAD,
                name=name,
                resource_name=resource_name,
                mime_type=info.mime_type,
                width=info.width,
                height=info.height,
                bytes=info.bytes,
                sha256=info.sha256,
                storage_key=key,
                expires_at=expires_at,
            )
            file.refresh_from_db(fields=["created_at"])
    except BaseException:
        objects().delete(key)
        raise
    return file


def _day_reserve(tenant_id: UUID, stored: int) -> None:
    """Counts bytes that a test key stores, in the tenant's context. Raises DayLimitReached."""
    refusal: DayRefusal | None = call("sandbox_day_reserve", tenant_id, 0, stored)
    if refusal is not None:
        raise refusal_of(refusal)


def file_delete(*, tenant_id: UUID, file_id: UUID, livemode: bool) -> bool:
    """Deletes a file and its bytes, also for generations that wait to use it. False when there is no such file.

    Raises LegalHoldInForce.
    """
    with tenant_context(tenant_id):
        file = File.objects.filter(id=file_id, livemode=livemode, deleted_at=None).first()
        if file is None:
            return False
        hold_check(tenant_id=tenant_id, noun="file")
        if file_id in held_files(tenant_id):
            raise LegalHoldInForce("file")
        changed = File.objects.filter(id=file_id, deleted_at=None).update(deleted_at=timezone.now())
    if changed:
        objects().delete(file.storage_key)
    return bool(changed)
