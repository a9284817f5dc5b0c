"""What the playground's pages show, made past the workers: results with pictures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import Output
from tests.factories import queue_clear, submit_generation
from tests.generations.helpers import claim_one, finish, register, succeeded

PLAYGROUND = "/console/playground/"


def generation_of(location: str) -> UUID:
    """The id that an address of the playground names."""
    found = ids.decode(ids.GENERATION, location.removeprefix(PLAYGROUND).partition("#")[0])
    assert found is not None, location
    return found


def public(generation_id: UUID) -> str:
    return ids.encode(ids.GENERATION, generation_id)


def make_result(tenant: Tenant, prompt: str = "a cat", *, livemode: bool = True, **body: Any) -> UUID:
    """A generation that succeeded, with one picture."""
    queue_clear()
    generation_id = submit_generation(tenant, prompt, livemode=livemode, **body)
    job = claim_one(register())
    assert finish(job, succeeded(job)) == "ended"
    with acting_as("owner"):
        Output.objects.create(
            tenant=tenant, generation_id=generation_id, index=0, mime_type="image/png", width=1024, height=1024,
            bytes=9, sha256="ab", storage_key=f"tenants/{tenant.id.hex}/outputs/{generation_id.hex}",
        )  # fmt: skip
    return generation_id


def output_of(generation_id: UUID) -> str:
    with acting_as("owner"):
        return ids.encode(ids.OUTPUT, Output.objects.get(generation_id=generation_id).id)
