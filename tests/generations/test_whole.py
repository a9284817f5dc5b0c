"""Generations with their parts, as one statement reads them."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from cavendish.db.ids import new_id
from cavendish.db.tenancy import tenant_context
from generations.models import Generation, GenerationContent, Output
from generations.selectors import generation_detail, generations_load
from tests.factories import make_tenant, submit_generation


def add_output(tenant_id: UUID, generation_id: UUID, part: str, index: int) -> UUID:
    output: Output = Output.objects.create(
        id=new_id(),
        tenant_id=tenant_id,
        generation_id=generation_id,
        part=part,
        index=index,
        mime_type="image/png",
        width=1024,
        height=1024,
        bytes=7,
        sha256="0" * 64,
        storage_key="k",
    )
    return output.id


def test_the_parts_are_those_that_the_orm_finds() -> None:
    tenant = make_tenant()
    wanted = submit_generation(tenant, metadata={"a": "1"})
    with tenant_context(tenant.id):
        generation_detail(wanted, livemode=True)  # the usual duration is asked for now and then, and kept
    with tenant_context(tenant.id), CaptureQueriesContext(connection) as queries:
        whole = generation_detail(wanted, livemode=True)
    assert len(queries) == 1
    assert whole is not None
    with tenant_context(tenant.id):
        generation, content = Generation.objects.get(id=wanted), GenerationContent.objects.get(pk=wanted)
    for field in Generation._meta.concrete_fields:
        assert getattr(whole.generation, field.attname) == getattr(generation, field.attname), field.name
    for name in ("request", "content", "thoughts", "grounding", "notices", "usage_reported"):
        assert getattr(whole.content, name) == getattr(content, name), name
    assert whole.hold is not None
    assert whole.hold.amount > 0
    assert (whole.charge, whole.outputs, whole.position) == (None, [], 1)


def test_outputs_come_in_order_and_once() -> None:
    tenant = make_tenant()
    wanted = submit_generation(tenant)
    with tenant_context(tenant.id):
        second = add_output(tenant.id, wanted, "output", 1)
        thought = add_output(tenant.id, wanted, "thought", 0)
        first = add_output(tenant.id, wanted, "output", 0)
        whole = generation_detail(wanted, livemode=True)
    assert whole is not None
    assert [output.id for output in whole.outputs] == [first, second, thought]


def test_a_page_comes_in_the_order_asked_for_with_places_in_the_queue() -> None:
    tenant = make_tenant()
    ids = [submit_generation(tenant) for _ in range(3)]
    with tenant_context(tenant.id):
        page = list(Generation.objects.filter(id__in=ids).order_by("-id"))
        wholes = generations_load(page)
    assert [whole.generation.id for whole in wholes] == ids[::-1]
    assert [whole.position for whole in wholes] == [3, 2, 1]


def test_another_tenants_and_another_modes_are_not_found_i6() -> None:
    owner, stranger = make_tenant(), make_tenant()
    wanted = submit_generation(owner)
    with tenant_context(stranger.id):
        assert generation_detail(wanted, livemode=True) is None
    with tenant_context(owner.id):
        assert generation_detail(wanted, livemode=False) is None
