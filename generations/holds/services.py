"""Writes of legal holds, as the operator. A hold counts from its commit: what is being deleted then may still go."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.problems import invalid_value, not_found
from generations.models import Generation, LegalHold


def legal_hold_set(*, tenant_id: UUID, generation_id: UUID | None, reason: str, actor: Actor) -> LegalHold:
    """Holds a generation of the tenant, or everything of it. Holds add up: each is released by itself.

    The reason stays with the hold, which only operators read; the tenant's audit says that there is one. Raises Problem
    422 for a generation that is not the tenant's or is deleted.
    """
    with tenant_work(tenant_id):
        if generation_id is not None:
            rows = Generation.objects.filter(tenant_id=tenant_id, deleted_at=None)
            if not rows.filter(id=generation_id).exists():
                raise invalid_value("/generation_id", "not_found", "This tenant has no such generation.")
        hold: LegalHold = LegalHold.objects.create(tenant_id=tenant_id, generation_id=generation_id, reason=reason)
        hold.refresh_from_db()
        note_created(hold.id)
        _audit(actor, "set", hold)
    return hold


def legal_hold_release(*, tenant_id: UUID, hold_id: UUID, actor: Actor) -> LegalHold:
    """Releases a hold; its row stays. Releasing it again changes nothing. Raises Problem 404."""
    with tenant_work(tenant_id):
        rows = LegalHold.objects.filter(id=hold_id, tenant_id=tenant_id)
        changed = rows.filter(released_at=None).update(released_at=timezone.now())
        hold: LegalHold | None = rows.first()
        if hold is None:
            raise not_found()
        if changed:
            _audit(actor, "released", hold)
    return hold


def _audit(actor: Actor, done: str, hold: LegalHold) -> None:
    generation = ids.encode(ids.GENERATION, hold.generation_id) if hold.generation_id else None
    audit_add(
        actor=actor,
        action=f"legal_hold.{done}",
        tenant_id=hold.tenant_id,
        target="legal_hold",
        target_id=hold.id,
        after={"generation": generation},
    )
