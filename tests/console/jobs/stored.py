"""Jobs that have ended, with pictures that lie in the store, without an upstream."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.errors import ErrorCode
from generations.models import Output, UpstreamCall
from generations.work.result import failure
from tests.generations.helpers import claim, finish, register, succeeded

WORKER = "secret-worker-7"
UPSTREAM_KEY, UPSTREAM_HOST = "secret-fingerprint", "secret.upstream.example"


def run(*, fail: ErrorCode | None = None, message: str = "The model is overloaded.") -> list[UUID]:
    """Ends all that is queued, well or with an error, on a worker with a name; returns the jobs' ids."""
    jobs = claim(register(f"{WORKER}-{ids.new_id().hex[:8]}"), 100)
    for job in jobs:
        result = succeeded(job) if fail is None else failure(job, fail, message, sandbox=True)
        assert finish(job, result) == "ended"
    return [job.id for job in jobs]


def call_add(tenant: Tenant, generation_id: UUID) -> None:
    """Notes a call upstream of the job, by a key and a host that are nobody's business."""
    with acting_as("owner"):
        UpstreamCall.objects.create(
            generation_id=generation_id, attempt=1, number=1, tenant_id=tenant.id, kind="stream",
            started_at=timezone.now(), ended_at=timezone.now(), host=UPSTREAM_HOST, upstream_key=UPSTREAM_KEY,
            status=503, code="UNAVAILABLE", message="The model is overloaded.", upstream_id="secret-interaction",
            bytes=174, pictures=0, cooling_seconds=60,
        )  # fmt: skip


def picture_add(tenant: Tenant, generation_id: UUID, data: bytes, *, index: int = 0) -> Output:
    """Stores a picture of the job, whose bytes nobody looks into."""
    key = f"tenants/{tenant.id.hex}/outputs/{ids.new_id().hex}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(data)
        objects().keep(path, key)
    with acting_as("owner"):
        row: Output = Output.objects.create(
            tenant=tenant, generation_id=generation_id, index=index, mime_type="image/png", width=8, height=8,
            bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), storage_key=key,
        )  # fmt: skip
        row.refresh_from_db()
    return row
