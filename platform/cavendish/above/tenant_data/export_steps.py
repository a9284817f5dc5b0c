"""One step of an export: claim it, write one part, store it, record where the next begins.

No transaction is open in between.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from itertools import chain
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from cavendish.above.tenant_data.archive import PartWriter
from cavendish.above.tenant_data.export_sections import SECTIONS, Unit, section_after
from cavendish.above.tenant_data.mails import export_mail
from cavendish.above.tenant_data.models import Export, ExportPart
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.events.services import event_add
from cavendish.storage import ObjectMissing, objects

logger = logging.getLogger(__name__)

PART_BYTES = 64 * 1024 * 1024
LEASE = timedelta(minutes=10)
MAX_MISSING = 1000
OPEN = (Export.Status.QUEUED, Export.Status.RUNNING)


def export_step(*, tenant_id: UUID, export_id: UUID) -> bool:
    """Writes the next part. Returns whether there is more to do; False also while another process has the lease."""
    export = _claim(tenant_id, export_id)
    if export is None:
        return False
    path = Path(settings.SPOOL_DIR) / "exports" / f"{export.id.hex}-{export.parts:06}-{uuid4().hex[:8]}"
    try:
        with PartWriter(path, mtime=export.created_at.timestamp()) as part:
            finished = _fill(export, part)
        key = f"tenants/{tenant_id.hex}/exports/{export.id.hex}/{path.name}"
        objects().keep(path, key)
    finally:
        path.unlink(missing_ok=True)
    if not _record(export, part, key, finished=finished):
        # Our lease ran out and another process wrote this part.
        objects().delete(key)
        return False
    return not finished


def _claim(tenant_id: UUID, export_id: UUID) -> Export | None:
    now, token = timezone.now(), uuid4()
    with tenant_context(tenant_id):
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        claimed = Export.objects.filter(free, id=export_id, status__in=OPEN).update(
            status=Export.Status.RUNNING, lease_token=token, lease_until=now + LEASE
        )
        if not claimed:
            return None
        export: Export = Export.objects.get(id=export_id)
    return export


def _fill(export: Export, part: PartWriter) -> bool:
    """Fills the part until it is full. Returns whether the archive is finished.

    Section, cursor and missing objects are kept on `export`, which is not saved here.
    """
    name: str | None = export.section or next(iter(SECTIONS))
    before = export.entries
    deadline = time.monotonic() + LEASE.total_seconds() / 2
    while name is not None:
        export.section = name
        for unit in SECTIONS[name](export, export.cursor):
            _add(export, part, unit)
            export.cursor = unit.cursor
            export.entries = before + part.entries
            if part.bytes >= PART_BYTES or time.monotonic() > deadline:
                return False
        name, export.cursor = section_after(name), ""
    part.finish()
    return True


def _add(export: Export, part: PartWriter, unit: Unit) -> None:
    for name, data in unit.documents:
        part.add(name, data)
    for entry in unit.stored:
        chunks = objects().read(entry.storage_key)
        try:
            # Read before the entry begins: a missing object must not leave an empty one.
            first = next(chunks, b"")
        except ObjectMissing:
            _add_missing(export, entry.name)
            continue
        if part.add_stream(entry.name, entry.bytes, chain([first], chunks)):
            _add_missing(export, entry.name)


def _add_missing(export: Export, name: str) -> None:
    if len(export.missing) < MAX_MISSING:
        export.missing.append(name)


def _record(export: Export, part: PartWriter, key: str, *, finished: bool) -> bool:
    """Records the part and where the next begins. Returns False where the lease was lost."""
    now = timezone.now()
    expires_at = now + timedelta(days=settings.EXPORT_DAYS)
    with tenant_context(export.tenant_id):
        updated = Export.objects.filter(
            id=export.id, lease_token=export.lease_token, status=Export.Status.RUNNING
        ).update(
            section=export.section,
            cursor=export.cursor,
            parts=export.parts + 1,
            bytes=export.bytes + part.bytes,
            entries=export.entries,
            missing=export.missing,
            status=Export.Status.READY if finished else Export.Status.RUNNING,
            lease_token=None,
            lease_until=None if finished else now,
            finished_at=now if finished else None,
            expires_at=expires_at if finished else None,
        )
        if not updated:
            return False
        ExportPart.objects.create(
            tenant_id=export.tenant_id, export_id=export.id, number=export.parts, storage_key=key, bytes=part.bytes
        )
        if finished:
            event_add(
                tenant_id=export.tenant_id,
                subject=export.id,
                type="export.ready",
                data={"export": ids.encode(ids.EXPORT, export.id), "bytes": export.bytes + part.bytes},
            )
            export_mail(export, bytes=export.bytes + part.bytes, expires_at=expires_at)
    return True
