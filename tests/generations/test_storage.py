"""Everything that is stored counts, and a tenant that has used its quota up gets nothing new."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from accounts.models import StorageUse, Tenant
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from generations.accept.storage import (
    storage_check,
    upload_close,
    upload_note,
    upload_open,
    upload_reserve,
    uploads_expire,
)
from generations.batches.services import batch_inputs_erase
from generations.errors import DayLimitReached, StorageQuotaExceeded, TooManyUploads
from generations.models import File, Upload
from generations.reconcile.jobs import jobs_checks
from generations.services import file_delete, generation_delete
from tests.factories import key_of, make_batch, make_key, make_tenant, submit_generation
from tests.generations.helpers import claim_one, finish, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet")


def used(tenant: Tenant) -> int:
    with acting_as("operator"):
        row = StorageUse.objects.filter(tenant=tenant).first()
    return row.bytes if row else 0


def agrees(tenant: Tenant) -> bool:
    [check] = [check for check in jobs_checks() if check.name == "storage"]
    return rows("operator", check.sql.replace("%(tenant)s", "%s"), tenant.id, tenant.id) == []


def quota(tenant: Tenant, limit: int | None) -> None:
    with acting_as("operator"):
        Tenant.objects.filter(id=tenant.id).update(storage_quota_bytes=limit)


def output(tenant: Tenant, size: int) -> dict[str, object]:
    id = new_id()
    return {
        "id": str(id), "part": "output", "index": 0, "mime_type": "image/png", "width": 1, "height": 1, "bytes": size,
        "sha256": "0" * 64, "tokens": 1120, "c2pa": False, "sandbox": True,
        "storage_key": f"tenants/{tenant.id.hex}/outputs/{id.hex}",
    }  # fmt: skip


def file(tenant: Tenant, size: int) -> UUID:
    with acting_as("operator"):
        row = File.objects.create(
            tenant=tenant, livemode=True, source="upload", mime_type="image/png", bytes=size, sha256="0" * 64,
            storage_key=f"tenants/{tenant.id.hex}/files/{uuid4().hex}",
        )  # fmt: skip
    id: UUID = row.id
    return id


def made(tenant: Tenant, size: int) -> UUID:
    id = submit_generation(tenant)
    job = claim_one(register())
    result = succeeded(job)
    result["outputs"] = [output(tenant, size)]  # type: ignore[list-item]
    assert finish(job, result) == "ended"
    return id


def test_what_comes_and_goes_is_counted() -> None:
    tenant = make_tenant()
    assert used(tenant) == 0
    picture = file(tenant, 1000)
    assert used(tenant) == 1000
    generation = made(tenant, 500)
    assert used(tenant) == 1500
    upload = new_id()
    upload_open(tenant_id=tenant.id, key_id=key_of(tenant.id, True), livemode=True, upload_id=upload, size=0)
    upload_note(tenant_id=tenant.id, upload_id=upload, size=70)
    upload_note(tenant_id=tenant.id, upload_id=upload, size=90)
    assert used(tenant) == 1590
    batch = make_batch(tenant, "a cat")
    size = used(tenant) - 1590
    assert size == batch.input_bytes > 10
    assert agrees(tenant)
    assert file_delete(tenant_id=tenant.id, file_id=picture, livemode=True)
    assert not file_delete(tenant_id=tenant.id, file_id=picture, livemode=True)
    assert generation_delete(tenant_id=tenant.id, generation_id=generation, livemode=True)
    upload_close(tenant_id=tenant.id, upload_id=upload)
    assert used(tenant) == size
    rows("owner", "UPDATE generations_batch SET finished_at = now() WHERE id = %s", batch.id)
    while batch_inputs_erase():
        pass
    assert used(tenant) == 0
    assert agrees(tenant)
    rows("owner", "UPDATE accounts_storageuse SET bytes = bytes + 1 WHERE tenant_id = %s", tenant.id)
    assert not agrees(tenant)


def test_beyond_the_quota_there_is_no_new_job_and_what_was_bought_is_kept() -> None:
    tenant = make_tenant()
    quota(tenant, 1000)
    id = submit_generation(tenant)
    job = claim_one(register())
    file(tenant, 1000)
    with pytest.raises(StorageQuotaExceeded) as refused:
        submit_generation(tenant)
    assert (refused.value.status, refused.value.extra) == (403, {"limit": 1000, "used": 1000})
    result = succeeded(job)
    result["outputs"] = [output(tenant, 300)]  # type: ignore[list-item]
    assert finish(job, result) == "ended"
    assert used(tenant) == 1300
    assert rows("owner", "SELECT status FROM generations_generation WHERE id = %s", id) == [{"status": "succeeded"}]
    quota(tenant, 0)
    submit_generation(tenant)


def test_beyond_the_quota_nothing_is_fetched() -> None:
    """There is no such host, which would be told of otherwise."""
    tenant = make_tenant()
    quota(tenant, 1000)
    picture = {"type": "image", "uri": "https://pictures.invalid/fox.png"}
    with pytest.raises(Problem) as unfetched:
        submit_generation(tenant, [{"type": "text", "text": "A fox"}, picture])  # type: ignore[arg-type]
    assert unfetched.value.status == 422
    file(tenant, 1000)
    with pytest.raises(StorageQuotaExceeded):
        submit_generation(tenant, [{"type": "text", "text": "A fox"}, picture])  # type: ignore[arg-type]


def test_the_platforms_quota_is_for_those_without_their_own(settings: Settings) -> None:
    tenant = make_tenant()
    file(tenant, 50)
    settings.STORAGE_QUOTA_BYTES = 100
    storage_check(tenant_id=tenant.id, incoming=50)
    with pytest.raises(StorageQuotaExceeded):
        storage_check(tenant_id=tenant.id, incoming=51)
    quota(tenant, 101)
    storage_check(tenant_id=tenant.id, incoming=51)
    quota(tenant, 0)
    storage_check(tenant_id=tenant.id, incoming=10**12)


def test_unfinished_uploads_are_bounded_and_forgotten(settings: Settings) -> None:
    settings.MAX_OPEN_UPLOADS_PER_KEY = 2
    tenant = make_tenant(test_daily_bytes=100)
    key = key_of(tenant.id, False)
    uploads = [new_id(), new_id()]
    for upload in uploads:
        upload_open(tenant_id=tenant.id, key_id=key, livemode=False, upload_id=upload, size=0)
    with pytest.raises(TooManyUploads):
        upload_open(tenant_id=tenant.id, key_id=key, livemode=False, upload_id=new_id(), size=0)
    upload_open(
        tenant_id=tenant.id, key_id=make_key(tenant, livemode=False)[0].id, livemode=False, upload_id=new_id(), size=0
    )
    upload_reserve(tenant_id=tenant.id, livemode=False, incoming=90)
    upload_note(tenant_id=tenant.id, upload_id=uploads[0], size=90)
    with pytest.raises(DayLimitReached):
        upload_reserve(tenant_id=tenant.id, livemode=False, incoming=20)
    rows("owner", "UPDATE generations_upload SET created_at = now() - interval '25 hours' WHERE id = %s", uploads[0])
    assert uploads_expire() >= 1
    assert used(tenant) == 0
    with acting_as("operator"):
        assert not Upload.objects.filter(id=uploads[0]).exists()
    upload_open(tenant_id=tenant.id, key_id=key, livemode=False, upload_id=new_id(), size=0)


def test_an_announced_upload_is_refused_before_its_bytes() -> None:
    tenant = make_tenant()
    quota(tenant, 100)
    with pytest.raises(StorageQuotaExceeded) as refused:
        upload_open(tenant_id=tenant.id, key_id=key_of(tenant.id, True), livemode=True, upload_id=new_id(), size=101)
    assert json.loads(refused.value.body())["code"] == "storage_quota_exceeded"
