"""What a column of a generation may say is gone once the generation is deleted, or stays for a reason given here."""

from __future__ import annotations

from typing import Any

from django.db import models

from cavendish.db.tenancy import tenant_context
from generations.models import Generation, GenerationContent
from generations.services import generation_delete
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim_one, finish, register, succeeded

KEPT = {
    "status": "a deleted generation is still a line of the bill, as the next four",
    "model": "",
    "tier": "",
    "image_size": "",
    "aspect_ratio": "",
    "error": "why it was not charged",
    "upstream_id": "what Google's support asks for, as the next two",
    "upstream_key": "",
    "upstream_host": "",
}
EMPTY: tuple[Any, ...] = (None, "", {}, [])


def speaking(model: type[models.Model]) -> dict[str, Any]:
    """Each column that can hold what somebody wrote, with something that somebody might have written."""
    return {
        field.name: {"canary": "x"} if isinstance(field, models.JSONField) else "canary"
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField | models.CharField | models.JSONField) and field.name not in KEPT
    }


def test_no_column_keeps_what_somebody_wrote() -> None:
    queue_clear()
    tenant = make_tenant()
    generation_id = submit_generation(tenant)
    job = claim_one(register())
    assert finish(job, succeeded(job)) == "ended"
    with tenant_context(tenant.id):
        Generation.objects.filter(id=generation_id).update(**speaking(Generation))
        GenerationContent.objects.filter(pk=generation_id).update(**speaking(GenerationContent))

    assert generation_delete(tenant_id=tenant.id, generation_id=generation_id, livemode=True)

    with tenant_context(tenant.id):
        [row] = Generation.objects.filter(id=generation_id).values(*speaking(Generation))
        [content] = GenerationContent.objects.filter(pk=generation_id).values(*speaking(GenerationContent))
    assert {"metadata"} <= row.keys()
    assert {"request", "job_spec", "content"} <= content.keys()
    assert {name: value for name, value in (row | content).items() if value not in EMPTY} == {}
