"""What a tenant stores, by kind, in its context."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet, Sum

from accounts.models import StorageUse, Tenant
from generations.models import Batch, Derivative, File, Output

KEPT_SECONDS = 600
"""How long the sums by kind are kept: each is over all that the tenant has."""


def storage_used(tenant: Tenant) -> int:
    """Returns the bytes of both modes, as the quota counts them."""
    return StorageUse.objects.filter(tenant_id=tenant.id).values_list("bytes", flat=True).first() or 0


def storage_quota(tenant: Tenant) -> int | None:
    """Returns the quota in bytes, None where there is no limit."""
    own = tenant.storage_quota_bytes
    return (settings.STORAGE_QUOTA_BYTES if own is None else own) or None


@dataclass(frozen=True)
class StoredKinds:
    """Bytes of both modes by kind."""

    outputs: int
    thoughts: int
    files: int
    previews: int
    batches: int


def stored_kinds(tenant: Tenant) -> StoredKinds:
    """Returns what is stored by kind, as it was within the last ten minutes."""
    name = f"stored_kinds:{tenant.id.hex}"
    kept: dict[str, int] | None = cache.get(name)
    known = StoredKinds(**kept) if kept is not None else None
    if known is None:
        own = {"tenant_id": tenant.id}
        parts = Output.objects.filter(**own).order_by().values("part").annotate(sum=Sum("bytes"))
        outputs = dict(parts.values_list("part", "sum"))
        known = StoredKinds(
            outputs=outputs.get(Output.Part.OUTPUT) or 0,
            thoughts=outputs.get(Output.Part.THOUGHT) or 0,
            files=_sum(File.objects.filter(**own, deleted_at=None), "bytes"),
            previews=_sum(Derivative.objects.filter(**own), "bytes"),
            batches=_sum(Batch.objects.filter(**own), "input_bytes"),
        )
        cache.set(name, asdict(known), KEPT_SECONDS)
    return known


def _sum(rows: QuerySet[File] | QuerySet[Derivative] | QuerySet[Batch], field: str) -> int:
    return rows.aggregate(sum=Sum(field))["sum"] or 0
