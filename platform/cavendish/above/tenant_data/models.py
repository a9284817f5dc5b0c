"""Exports and erasures: long work in steps, each of which another process can continue."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Export(TenantModel):
    """A tenant's data as one archive, written part by part. `section` and `cursor` are where the next part begins."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        READY = "ready", "Ready"
        EXPIRED = "expired", "Expired"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    requested_by = models.CharField(max_length=300, blank=True)
    section = models.CharField(max_length=40, blank=True)
    cursor = models.CharField(max_length=300, blank=True)
    parts = models.PositiveIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0, help_text="Files in the archive.")
    missing = models.JSONField(default=list, help_text="Objects that the store no longer has.")
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # for exports_due, by the scheduler
            models.Index(fields=["lease_until"], name="exports_open", condition=Q(status__in=["queued", "running"])),
            models.Index(fields=["expires_at"], name="exports_expiring", condition=Q(status="ready")),
            models.Index(fields=["tenant", "-id"], name="exports_listed"),
        )

    def __str__(self) -> str:
        return f"export of {self.tenant_id}: {self.status}"


class ExportPart(TenantModel):
    """One stored object of an export. The archive is its parts in a row."""

    pk = models.CompositePrimaryKey("export_id", "number")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    number = models.PositiveIntegerField()
    storage_key = models.CharField(max_length=300)
    bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"part {self.number} of {self.export_id}"


class Erasure(TenantModel):
    """The erasure of a closing tenant: it waits until `due_at`, then goes step by step. Accounting stays."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELED = "canceled", "Canceled"

    tenant = models.OneToOneField(Tenant, primary_key=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    requested_by = models.CharField(max_length=300, blank=True)
    step = models.CharField(max_length=40, blank=True)
    erased = models.JSONField(default=dict, help_text="How much, by step.")
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], name="erasures_open", condition=Q(status__in=["waiting", "running"])),
        )

    def __str__(self) -> str:
        return f"erasure of {self.tenant_id}: {self.status}"
