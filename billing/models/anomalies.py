from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class UsageAnomaly(TenantModel):
    """A billing date on which a tenant, or one of its keys, spent more than it usually does; once for each."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    billing_date = models.DateField()
    api_key_id = models.UUIDField(null=True, help_text="Empty: the tenant as a whole.")
    used = models.DecimalField(max_digits=20, decimal_places=9, help_text="By the time it was noticed.")
    usual = models.DecimalField(max_digits=20, decimal_places=9, help_text="What such a day comes to.")
    limit = models.DecimalField(max_digits=20, decimal_places=9, help_text="What it had to pass.")
    currency = models.CharField(max_length=3)
    mailed_to = models.JSONField(default=list)
    noticed_at = models.DateTimeField(db_default=Now())

    class Meta:
        # the operator's look at a day
        indexes = (models.Index(fields=["billing_date"], name="anomalies_of_a_day"),)
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "billing_date", "api_key_id"], name="anomaly_once", nulls_distinct=False
            ),
        )

    def __str__(self) -> str:
        return f"{self.used} instead of {self.usual} on {self.billing_date}"
