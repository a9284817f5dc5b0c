from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel
from generations.models.objects import Output


class Derivative(TenantModel):
    """A smaller picture that was made of an output, kept until the output goes. Made anew whenever it is missing."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="derivatives", db_constraint=False)
    format = models.CharField(max_length=8)
    requested_width = models.PositiveIntegerField(help_text="As it was requested; the picture may be narrower.")
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["output", "format", "requested_width"], name="derivative_once"),)

    def __str__(self) -> str:
        return f"{self.requested_width} {self.format} of {self.output_id}"
