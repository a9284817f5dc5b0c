from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class AuditEvent(TenantModel):
    """A change by a person or a key. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(
        Tenant, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty for what concerns the platform."
    )
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254, blank=True, help_text="A key's prefix, a person's email.")
    address = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=64, help_text='For example "api_key.revoked".')
    target = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "id"], name="audit_of_tenant"),
            # the history of one object, on its page
            models.Index(fields=["target_id", "id"], name="audit_of_target"),
            # for the operator's search over all tenants
            models.Index(fields=["actor_id", "id"], name="audit_of_actor"),
            models.Index(fields=["action", "id"], name="audit_of_action"),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_kind} {self.actor_label}"
