from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantManager


class TenantStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSING = "closing", "Closing"


class Tenant(models.Model):
    """A customer of the operator: the unit of isolation, fairness, money and settings.

    Row-level security lets the app role see only the row whose id is the tenant of the open door.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=TenantStatus, default=TenantStatus.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True)
    weight = models.PositiveSmallIntegerField(default=1, help_text="Share of the workers, relative to other tenants.")
    concurrency_limit = models.PositiveIntegerField(default=64, help_text="Jobs running at once.")
    queue_limit = models.PositiveIntegerField(default=1000, help_text="Jobs waiting at once, interactive ones.")
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of all its keys of one mode; empty means REQUESTS_PER_MINUTE, 0 no limit."
    )
    images_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of all its keys of one mode; empty means IMAGES_PER_MINUTE, 0 no limit."
    )
    allowed_models = models.JSONField(null=True, blank=True, help_text="Model ids; empty means all.")
    output_retention_days = models.PositiveIntegerField(null=True, blank=True, help_text="Empty means kept.")
    input_retention_days = models.PositiveIntegerField(default=2)
    billing_timezone = models.CharField(max_length=64, default="UTC")
    test_keys_enabled = models.BooleanField(default=True)
    policy_version = models.CharField(max_length=32, blank=True, help_text="The use policy an owner accepted last.")
    policy_accepted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        base_manager_name = "objects"
        constraints = (models.CheckConstraint(condition=models.Q(weight__gte=1), name="tenant_weight_positive"),)

    def __str__(self) -> str:
        return self.slug
