"""Writes of operators' notes about a tenant, as the operator.

The audit has them as the platform's events, without their text: a tenant reads its own audit log.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.models import TenantNote
from accounts.models.note import MAX_NOTE_CHARS
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.problems import invalid_value, not_found


def tenant_note_add(*, tenant_id: UUID, text: str, actor: Actor) -> TenantNote:
    """Adds a note. Raises Problem 422 for an empty text and one of more than MAX_NOTE_CHARS."""
    text = text.strip()
    if not text:
        raise invalid_value("/text", "required", "Write something.")
    if len(text) > MAX_NOTE_CHARS:
        raise invalid_value("/text", "too_long", f"A note has at most {MAX_NOTE_CHARS} characters.")
    with transaction.atomic(using=current_alias()):
        note: TenantNote = TenantNote.objects.create(
            tenant_id=tenant_id,
            text=text,
            author=actor.label[:254] or actor.kind,
            created_by_id=actor.id if actor.kind == "operator" else None,
        )
        note.refresh_from_db(fields=["created_at"])
        _audit(note, actor, "created")
    return note


def tenant_note_remove(*, tenant_id: UUID, note_id: UUID, actor: Actor) -> None:
    """Removes a note and clears its text; the row stays, with its author and both times. Raises Problem 404."""
    with transaction.atomic(using=current_alias()):
        shown = TenantNote.objects.filter(tenant_id=tenant_id, id=note_id, removed_at=None)
        note = shown.first()
        if note is None or not shown.update(removed_at=timezone.now(), text=""):
            raise not_found()
        _audit(note, actor, "removed")


def _audit(note: TenantNote, actor: Actor, done: str) -> None:
    audit_add(
        actor=actor,
        action=f"tenant_note.{done}",
        tenant_id=None,
        target="tenant_note",
        target_id=note.id,
        after={"tenant_id": ids.encode(ids.TENANT, note.tenant_id)},
    )
