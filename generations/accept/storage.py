"""What a tenant may store: its quota, over both modes, and its unfinished uploads.

The count is kept by triggers (generations/sql/0013_storage.sql). It is read without a lock, so requests at once may go
past the quota together, each by what it brings.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.contracts import DayRefusal
from accounts.idempotency import note_created
from accounts.models import StorageUse, Tenant
from cavendish.db.call import call
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.errors import StorageQuotaExceeded, TooManyUploads, refusal_of
from generations.models import Upload

UPLOAD_SECONDS = 24 * 3600
"""How long an upload may take; Google's own are forgotten after some days."""


def storage_check(*, tenant_id: UUID, incoming: int) -> None:
    """Raises StorageQuotaExceeded where the tenant has used its quota up, or has no room for so many bytes more."""
    with tenant_context(tenant_id):
        _check(tenant_id, incoming)


def _check(tenant_id: UUID, incoming: int) -> None:
    own: int | None = Tenant.objects.values_list("storage_quota_bytes", flat=True).get(id=tenant_id)
    quota = settings.STORAGE_QUOTA_BYTES if own is None else own
    if not quota:
        return
    used = StorageUse.objects.filter(tenant_id=tenant_id).values_list("bytes", flat=True).first() or 0
    if used >= quota or used + incoming > quota:
        raise StorageQuotaExceeded(limit=quota, used=used)


def upload_open(*, tenant_id: UUID, key_id: UUID, livemode: bool, upload_id: UUID, size: int) -> None:
    """Notes an upload that begins, with nothing of it stored; `size` is what it announces, 0 for nothing.

    Raises StorageQuotaExceeded, TooManyUploads.
    """
    with tenant_context(tenant_id):
        _check(tenant_id, size)
        most = settings.MAX_OPEN_UPLOADS_PER_KEY
        since = timezone.now() - timedelta(seconds=UPLOAD_SECONDS)
        # A soft limit, as that of batches: two that count at once both pass.
        if Upload.objects.filter(tenant_id=tenant_id, api_key_id=key_id, created_at__gt=since).count() >= most:
            raise TooManyUploads(most)
        note_created(upload_id)
        Upload.objects.create(id=upload_id, tenant_id=tenant_id, api_key_id=key_id, livemode=livemode)


def upload_is_open(*, tenant_id: UUID, upload_id: UUID) -> bool:
    """Whether an upload goes on: it is no file yet, and was not given up."""
    with tenant_context(tenant_id):
        return bool(Upload.objects.filter(id=upload_id).exists())


def upload_reserve(*, tenant_id: UUID, livemode: bool, incoming: int) -> None:
    """Makes room for bytes of an upload before they are written.

    Bytes of test keys count for their day here, not again when they become a file. Raises StorageQuotaExceeded,
    DayLimitReached.
    """
    with tenant_context(tenant_id):
        _check(tenant_id, incoming)
        if not livemode and incoming:
            refusal: DayRefusal | None = call("sandbox_day_reserve", tenant_id, 0, incoming)
            if refusal is not None:
                raise refusal_of(refusal)


def upload_note(*, tenant_id: UUID, upload_id: UUID, size: int) -> None:
    """Notes how many bytes of an upload are here now."""
    with tenant_context(tenant_id):
        Upload.objects.filter(id=upload_id).update(bytes=size)


def upload_close(*, tenant_id: UUID, upload_id: UUID) -> None:
    """Forgets an upload that is a file now, or was given up."""
    with tenant_context(tenant_id):
        Upload.objects.filter(id=upload_id).delete()


def uploads_expire() -> int:
    """Forgets uploads that were never finished; returns how many. Their bytes go with the web's next upload."""
    before = timezone.now() - timedelta(seconds=UPLOAD_SECONDS)
    with acting_as("operator"):
        count, _ = Upload.objects.filter(created_at__lt=before).delete()
    return int(count)
