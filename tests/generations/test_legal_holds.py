"""What is held is not deleted: not by its tenant, not by retention, not by erasure; and what is not held is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, Tenant
from accounts.tenants.services import tenant_close
from cavendish.above.tenant_data.erasure import erasures_continue
from cavendish.above.tenant_data.models import Erasure
from cavendish.above.tenant_data.services import erasure_request
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from generations.batches.services import batch_delete, batch_inputs_erase
from generations.errors import LegalHoldInForce
from generations.holds.services import legal_hold_release, legal_hold_set
from generations.models import Batch, BatchStatus, File, Generation, GenerationContent
from generations.services import file_delete, generation_delete
from generations.upkeep.retention import contents_expire, files_expire, inputs_expire, outputs_expire
from tests.factories import make_batch, make_tenant
from tests.generations.test_retention import ended

pytestmark = pytest.mark.usefixtures("quiet")


def hold(tenant: Tenant, generation_id: UUID | None = None) -> UUID:
    with acting_as("operator"):
        row = legal_hold_set(tenant_id=tenant.id, generation_id=generation_id, reason="Case 7", actor=SYSTEM)
        held: UUID = row.id
    return held


def release(tenant: Tenant, hold_id: UUID) -> None:
    with acting_as("operator"):
        legal_hold_release(tenant_id=tenant.id, hold_id=hold_id, actor=SYSTEM)


def upload(tenant: Tenant) -> UUID:
    with acting_as("operator"):
        file: File = File.objects.create(
            tenant=tenant, livemode=True, source="upload", mime_type="image/png", bytes=1, sha256="0" * 64,
            storage_key=f"tenants/{tenant.id.hex}/files/x", expires_at=timezone.now() - timedelta(days=1),
        )  # fmt: skip
    return file.id


def made(tenant: Tenant) -> tuple[UUID, UUID]:
    """An ended generation that was asked for with a file, without `store`, long ago; the file."""
    generation_id, _ = ended(tenant)
    file_id = upload(tenant)
    spec = {"steps": [{"content": [{"file_id": f"file_{file_id.hex}"}]}]}
    with acting_as("operator"):
        GenerationContent.objects.filter(generation_id=generation_id).update(job_spec=spec)
        Generation.objects.filter(id=generation_id).update(finished_at=timezone.now() - timedelta(days=2), store=False)
    return generation_id, file_id


def kept(tenant: Tenant) -> tuple[int, int]:
    with tenant_context(tenant.id):
        return Generation.objects.filter(deleted_at=None).count(), File.objects.filter(deleted_at=None).count()


def retention() -> None:
    later = timezone.now() + timedelta(days=9)
    outputs_expire(now=later)
    inputs_expire(now=later)
    contents_expire()
    files_expire()
    batch_inputs_erase()


@pytest.mark.parametrize("of_generation", [True, False])
def test_a_hold_keeps_a_generation_and_its_files_until_it_is_released(of_generation: bool) -> None:
    tenant = make_tenant(output_retention_days=1, input_retention_days=1)
    generation_id, file_id = made(tenant)
    first = hold(tenant, generation_id if of_generation else None)
    second = hold(tenant, generation_id)

    deletions: list[Callable[[], object]] = [
        lambda: generation_delete(tenant_id=tenant.id, generation_id=generation_id, livemode=True),
        lambda: file_delete(tenant_id=tenant.id, file_id=file_id, livemode=True),
    ]
    for lasting in (second, first):
        for deletion in deletions:
            with pytest.raises(LegalHoldInForce) as refused:
                deletion()
            assert (refused.value.status, refused.value.code) == (409, "legal_hold")
            assert "Case 7" not in refused.value.detail
        retention()
        assert kept(tenant) == (1, 1)
        release(tenant, lasting)
        release(tenant, lasting)  # again changes nothing
    retention()
    assert kept(tenant) == (0, 0)
    with acting_as("operator"):
        audited = AuditEvent.objects.filter(tenant=tenant, target="legal_hold").order_by("id")
        assert [event.action for event in audited] == ["legal_hold.set"] * 2 + ["legal_hold.released"] * 2


def test_a_generations_hold_keeps_nothing_else() -> None:
    tenant = make_tenant(output_retention_days=1, input_retention_days=1)
    held, _ = made(tenant)
    other, other_file = made(tenant)
    hold(tenant, held)
    assert generation_delete(tenant_id=tenant.id, generation_id=other, livemode=True)
    assert file_delete(tenant_id=tenant.id, file_id=other_file, livemode=True)
    assert kept(tenant) == (1, 1)


def test_a_held_tenants_batches_stay() -> None:
    tenant = make_tenant()
    batch = make_batch(tenant, {"input": "a cat"})
    with acting_as("operator"):
        Batch.objects.filter(id=batch.id).update(status=BatchStatus.CANCELED, finished_at=timezone.now())
        key = Batch.objects.get(id=batch.id).input_key
    held = hold(tenant)
    retention()
    with pytest.raises(LegalHoldInForce):
        batch_delete(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)
    with acting_as("operator"):
        assert Batch.objects.get(id=batch.id).input_key == key
    release(tenant, held)
    assert batch_delete(tenant_id=tenant.id, batch_id=batch.id, livemode=True, actor=SYSTEM)


def test_an_erasure_waits_for_holds() -> None:
    tenant = make_tenant()
    generation_id, _ = made(tenant)
    with acting_as("operator"):
        tenant_close(tenant_id=tenant.id, actor=SYSTEM)
    held = hold(tenant, generation_id)
    with acting_as("operator"), pytest.raises(LegalHoldInForce):
        erasure_request(tenant_id=tenant.id, slug=tenant.slug, days=0, actor=SYSTEM)
    release(tenant, held)
    with acting_as("operator"):
        erasure_request(tenant_id=tenant.id, slug=tenant.slug, days=0, actor=SYSTEM)
    held = hold(tenant)
    erasures_continue()
    assert kept(tenant) == (1, 1)
    release(tenant, held)
    for _ in range(60):
        erasures_continue()
        with acting_as("operator"):
            if Erasure.objects.get(tenant=tenant).status == "done":
                break
    assert kept(tenant) == (0, 0)


def test_a_hold_names_a_generation_of_its_tenant() -> None:
    foreign, _ = made(make_tenant())
    with pytest.raises(Problem) as refused:
        hold(make_tenant(), foreign)
    assert refused.value.status == 422
