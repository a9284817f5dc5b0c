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
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import StorageUse, Tenant
from cavendish.above.admin.home.selectors import parts
from cavendish.above.admin.home.selectors.window import Window
from cavendish.above.reconcile.compare import OBJECTS
from cavendish.above.reconcile.selectors import reconcile_last
from cavendish.db.router import current_alias
from cavendish.storage.objects import objects
from generations.models import LegalHold

NEARLY_FULL = 0.9
TABLES = {"outputs": "generations_output", "files": "generations_file", "derivatives": "generations_derivative"}


@dataclass(frozen=True)
class Disk:
    """A disk of this machine, in bytes."""

    path: str
    total: int
    free: int

    @property
    def taken(self) -> float:
        """Returns the share that is taken, 0 to 1."""
        return 1 - self.free / self.total if self.total else 0.0

    @property
    def is_full(self) -> bool:
        return self.taken >= NEARLY_FULL


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
    root = getattr(store, "root", None)  # of a folder
    return StorageState(
        bytes=StorageUse.objects.aggregate(all=Sum("bytes"))["all"] or 0,
        objects=_estimates(),
        store=_store_name(settings.STORAGE_URL),
        disk=_disk(root) if isinstance(root, Path) else None,
        spool=_disk(Path(settings.SPOOL_DIR)),
        comparison=_comparison(),
    )


def storage_uses() -> QuerySet[StorageUse]:
    """Returns a row for each tenant that stores something, with its tenant."""
    rows: QuerySet[StorageUse] = StorageUse.objects.select_related("tenant").filter(bytes__gt=0)
    return rows


def quota_of(tenant: Tenant) -> int | None:
    """Returns the tenant's quota in bytes, None where there is no limit."""
    own = tenant.storage_quota_bytes
    return (settings.STORAGE_QUOTA_BYTES if own is None else own) or None


def storage_growth() -> int | None:
    """Returns how many bytes more are stored than 24 hours ago; None where nobody looked then."""
    window = Window(timezone.now())
    return parts.storage(window, parts.gauges_read(window)).growth


def legal_holds() -> QuerySet[LegalHold]:
    """Returns all legal holds with their tenants, released ones too."""
    rows: QuerySet[LegalHold] = LegalHold.objects.select_related("tenant")
    return rows


def legal_holds_open() -> int:
    """Returns how many legal holds are in force."""
    return int(LegalHold.objects.filter(released_at=None).count())


def _estimates() -> dict[str, int]:
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            "SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = ANY (%s::regclass[]::oid[])",
            [list(TABLES.values())],
        )
        counts = dict(cursor.fetchall())
    return {name: counts.get(table, 0) for name, table in TABLES.items()}


def _store_name(url: str) -> str:
    split = urlsplit(url)
    host = split.netloc.rpartition("@")[2]
    return f"{split.scheme}://{host}{split.path}"


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
