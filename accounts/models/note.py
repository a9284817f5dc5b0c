from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models.person import User
from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel

MAX_NOTE_CHARS = 2000


class TenantNote(TenantModel):
    """What operators write to each other about a tenant. The app's role has no right on it: no tenant can see one."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=MAX_NOTE_CHARS, blank=True, help_text="Empty once it is removed.")
    author = models.CharField(max_length=254, help_text="An operator's email, an operator key's prefix.")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-id"], condition=models.Q(removed_at=None), name="tenant_note_shown"),
        )

    def __str__(self) -> str:
        return f"Note by {self.author}"
