"""What is stored, as the operator: by tenant, on which disk, and what reconcile last found of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Sum

from accounts.models import StorageUse, Tenant
from cavendish.above.reconcile.compare import OBJECTS
from cavendish.above.reconcile.selectors import reconcile_last
from cavendish.db.router import current_alias
from cavendish.storage.objects import LocalObjects, objects

TABLES = {"outputs": "generations_output", "files": "generations_file", "derivatives": "generations_derivative"}


@dataclass(frozen=True)
class TenantStorage:
    """What a tenant stores, in bytes; `quota` is None where there is no limit, and so is the `share` of it (0 to 1)."""

    tenant: Tenant
    bytes: int
    quota: int | None

    @property
    def share(self) -> float | None:
        return self.bytes / self.quota if self.quota else None


@dataclass(frozen=True)
class Disk:
    """A disk of this machine, in bytes."""

    path: str
    total: int
    free: int


@dataclass(frozen=True)
class ObjectsComparison:
    """What the last whole reconcile found between rows and objects. `differing` counts rows and objects without their
    counterpart, or of another size; `rows` are the first of them: {tenant_id, subject, problem}.
    """

    run_id: UUID
    at: datetime
    differing: int
    error: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class StorageState:
    """`objects` are PostgreSQL's estimates of how many there are of each kind. `store` is where they lie, without its
    credentials; `disk` is None for a store that is elsewhere.
    """

    bytes: int
    objects: dict[str, int]
    store: str
    disk: Disk | None
    spool: Disk
    comparison: ObjectsComparison | None


def storage_state() -> StorageState:
    """Returns the whole platform's storage. It counts no table: at most a row for each tenant is summed."""
    store = objects()
    return StorageState(
        bytes=StorageUse.objects.aggregate(all=Sum("bytes"))["all"] or 0,
        objects=_estimates(),
        store=_store_name(settings.STORAGE_URL),
        disk=_disk(store.root) if isinstance(store, LocalObjects) else None,
        spool=_disk(Path(settings.SPOOL_DIR)),
        comparison=_comparison(),
    )


def storage_by_tenant(*, limit: int = 50, below: tuple[int, UUID] | None = None) -> list[TenantStorage]:
    """Returns tenants by what they store, the largest first; `below` is (bytes, tenant's id) of the last row before."""
    rows = StorageUse.objects.select_related("tenant").order_by("-bytes", "-tenant_id")
    if below is not None:
        size, tenant_id = below
        rows = rows.filter(bytes__lte=size).exclude(bytes=size, tenant_id__gte=tenant_id)
    return [TenantStorage(row.tenant, row.bytes, _quota(row.tenant)) for row in rows[:limit]]


def _quota(tenant: Tenant) -> int | None:
    own = tenant.storage_quota_bytes
    return (settings.STORAGE_QUOTA_BYTES if own is None else own) or None


def _estimates() -> dict[str, int]:
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            "SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = ANY (%s::regclass[]::oid[])",
            [list(TABLES.values())],
        )
        counts = dict(cursor.fetchall())
    return {name: counts.get(table, 0) for name, table in TABLES.items()}


def _store_name(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _disk(path: Path) -> Disk:
    """Returns the disk of a folder, or of the nearest parent of one that is not made yet."""
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = shutil.disk_usage(path)
    return Disk(str(path), usage.total, usage.free)


def _comparison() -> ObjectsComparison | None:
    run = reconcile_last()
    checks = run.checks if run is not None else []
    found = next((check for check in checks if check["check"] == OBJECTS), None)
    if run is None or run.ended_at is None or found is None:
        return None
    return ObjectsComparison(run.id, run.ended_at, found["count"], found["error"], found["rows"])
