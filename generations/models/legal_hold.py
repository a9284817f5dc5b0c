from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Generation


class LegalHold(TenantModel):
    """Keeps a generation, or everything of a tenant, from being deleted. The operator sets and releases it."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    generation = models.ForeignKey(
        Generation,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        null=True,
        help_text="Empty: everything of the tenant.",
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # the holds in force, which every deletion asks for
            models.Index(fields=["tenant", "generation"], name="legal_holds_open", condition=Q(released_at=None)),
        )

    def __str__(self) -> str:
        return f"hold {self.id} of {self.tenant_id}"
