from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.invoices import Invoice
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class DunningStep(TenantModel):
    """A step that was taken because an invoice was not paid: once for each, whoever runs the scheduler."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", "Reminder"
        SUSPENSION = "suspension", "Suspension"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=12, choices=Kind)
    days = models.PositiveSmallIntegerField(help_text="After the due date, as the plan's terms say it.")
    mailed_to = models.JSONField(default=list, help_text="The addresses that it was sent to.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["invoice", "kind", "days"], name="dunning_step_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.days} days after {self.invoice_id} was due"
