"""What a tenant keeps for so many days is gone after them, rows and bytes, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import tenant_context
from cavendish.storage import objects
from generations.models import File, Generation, Output
from generations.request import media_check
from generations.services import file_create
from generations.upkeep.retention import _first_id, inputs_expire, outputs_expire
from tests.api.accounts import picture
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, register, succeeded


def ended(tenant: Tenant, *, livemode: bool = True) -> tuple[UUID, str]:
    """An ended generation with one stored picture: its id, the picture's key."""
    queue_clear()
    made = submit_generation(tenant, livemode=livemode)
    [job] = claim(register(), 1)
    key = f"tenants/{tenant.id.hex}/outputs/{made.hex}"
    result = succeeded(job)
    result["outputs"] = [
        {"id": str(new_id()), "part": "output", "index": 0, "mime_type": "image/png", "width": 1, "height": 1,
         "bytes": 1, "sha256": "0" * 64, "tokens": 1120, "c2pa": False, "sandbox": True, "storage_key": key}
    ]  # fmt: skip
    assert finish(job, result) == "ended"
    path = objects().local_path(key)
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return made, key


def there(tenant: Tenant, key: str) -> tuple[int, int, bool]:
    """Generations that can be seen, outputs, and whether the bytes are there."""
    path = objects().local_path(key)
    with tenant_context(tenant.id):
        seen = Generation.objects.filter(deleted_at=None).count()
        return seen, Output.objects.count(), path is not None and path.exists()


def test_ids_are_compared_with_moments() -> None:
    before = timezone.now() - timedelta(milliseconds=2)
    assert _first_id(before) < new_id() < _first_id(timezone.now() + timedelta(milliseconds=2))


def test_outputs_go_after_their_days_and_others_stay() -> None:
    tenant, other = make_tenant(output_retention_days=30), make_tenant()
    _, old = ended(tenant)
    ended(tenant, livemode=False)
    _, kept = ended(other)
    submit_generation(tenant)
    now = timezone.now()
    outputs_expire(now=now + timedelta(days=29))
    assert there(tenant, old) == (3, 2, True)
    assert outputs_expire(now=now + timedelta(days=31)) >= 2
    assert there(tenant, old) == (1, 0, False)  # what has not ended stays
    assert there(other, kept) == (1, 1, True)
    assert outputs_expire(now=now + timedelta(days=31)) == 0


def test_inputs_go_however_they_came(tmp_path: Path) -> None:
    tenant, other = make_tenant(input_retention_days=2), make_tenant()
    files = []
    for owner in (tenant, other):
        path = tmp_path / "x.png"
        path.write_bytes(picture())
        info = media_check(path, declared=None, kind=None)
        files.append(file_create(tenant_id=owner.id, livemode=True, name="x", path=path, info=info))
    with tenant_context(tenant.id):
        File.objects.filter(id=files[0].id).update(source=File.Source.INLINE)
    now = timezone.now()
    inputs_expire(now=now + timedelta(days=1))
    with tenant_context(tenant.id):
        assert File.objects.filter(deleted_at=None).count() == 1
    assert inputs_expire(now=now + timedelta(days=3)) >= 1
    with tenant_context(tenant.id):
        assert File.objects.filter(deleted_at=None).count() == 0
    with tenant_context(other.id):
        assert File.objects.filter(deleted_at=None).count() == 1
    kept = [path is not None and path.exists() for path in (objects().local_path(file.storage_key) for file in files)]
    assert kept == [False, True]
