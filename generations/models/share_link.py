from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Generation


class ShareLink(TenantModel):
    """A lasting link to what shows a generation. To revoke it is to delete the row."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, help_text="Empty: it lasts until it is revoked.")

    def __str__(self) -> str:
        return f"link to {self.generation_id}"
