from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class PromptTemplate(TenantModel):
    """A tenant's own prompt template. The ones that are shipped are no rows."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    version = models.PositiveIntegerField(default=1, help_text="The newest.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.id} version {self.version}"


class PromptTemplateVersion(TenantModel):
    """What a template said from one change to the next. It never changes, and goes with its template."""

    pk = models.CompositePrimaryKey("template", "version")
    # The key to the template carries the tenant, and deletes with it.
    template = models.ForeignKey(
        PromptTemplate, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    version = models.PositiveIntegerField()
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    prompt = models.TextField()
    slots = models.JSONField(default=list)
    example = models.JSONField(default=dict, help_text="A value for each slot that has one.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.template_id} version {self.version}"
