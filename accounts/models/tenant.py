from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantManager, TenantModel


class TenantStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSING = "closing", "Closing"
    ERASED = "erased", "Erased"


class Tenant(models.Model):
    """A customer of the operator: the unit of isolation, fairness, money and settings.

    Row-level security lets the app role see only the row whose id is the tenant of the open context.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=TenantStatus, default=TenantStatus.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True)
    weight = models.PositiveSmallIntegerField(
        default=1, help_text=gettext_noop("Share of the workers, relative to other tenants.")
    )
    concurrency_limit = models.PositiveIntegerField(default=64, help_text=gettext_noop("Jobs running at once."))
    queue_limit = models.PositiveIntegerField(
        default=1000, help_text=gettext_noop("Jobs waiting at once, interactive ones.")
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=gettext_noop("Of all its keys of one mode; empty means REQUESTS_PER_MINUTE, 0 no limit."),
    )
    images_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=gettext_noop("Of all its keys of one mode; empty means IMAGES_PER_MINUTE, 0 no limit."),
    )
    allowed_models = models.JSONField(null=True, blank=True, help_text=gettext_noop("Model ids; empty means all."))
    allowed_sizes = models.JSONField(null=True, blank=True, help_text=gettext_noop("Image sizes; empty means all."))
    output_retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=gettext_noop("After its end a generation is erased, all but its cost; empty means kept."),
    )
    input_retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text=gettext_noop("Pictures and videos that came as input; empty means kept.")
    )
    billing_timezone = models.CharField(max_length=64, default="UTC")
    # A change of the zone waits for a month to begin in both (accounts.tenants.services).
    billing_timezone_next = models.CharField(max_length=64, blank=True, db_default="")
    billing_timezone_from = models.DateTimeField(null=True, blank=True)
    test_keys_enabled = models.BooleanField(default=True)
    test_daily_requests = models.PositiveIntegerField(
        null=True,
        blank=True,
        db_default=10_000,
        help_text=gettext_noop("Generations of test keys a day (UTC); empty means no limit."),
    )
    test_daily_bytes = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        db_default=10 * 1024**3,
        help_text=gettext_noop(
            "Bytes that test keys store a day (UTC): inputs, uploads and outputs; empty means no limit."
        ),
    )
    storage_quota_bytes = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text=gettext_noop(
            "Bytes stored at once: inputs, uploads and outputs of both modes; empty means STORAGE_QUOTA_BYTES, "
            "0 no limit."
        ),
    )
    allowed_origins = models.JSONField(
        default=list,
        db_default=models.Value([], output_field=models.JSONField()),
        blank=True,
        help_text=gettext_noop("Origins whose scripts may use the API with its keys."),
    )
    frame_origins = models.JSONField(
        default=list,
        db_default=models.Value([], output_field=models.JSONField()),
        blank=True,
        help_text=gettext_noop("Origins whose pages may embed display pages."),
    )
    requires_two_factor = models.BooleanField(
        default=False, db_default=False, help_text=gettext_noop("Members enter the console with a second factor only.")
    )
    payment_reminded_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_noop("Since when reminders of unpaid invoices are out.")
    )
    payment_suspended_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_noop("Since when live keys rest because invoices are overdue.")
    )
    policy_version = models.CharField(
        max_length=32, blank=True, help_text=gettext_noop("The use policy an owner accepted last.")
    )
    policy_accepted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        base_manager_name = "objects"
        constraints = (models.CheckConstraint(condition=models.Q(weight__gte=1), name="tenant_weight_positive"),)

    def __str__(self) -> str:
        return self.slug


class SandboxDay(TenantModel):
    """What a tenant's test keys did on one day in UTC. Test jobs cost nothing, so this is what bounds them.

    It is counted apart from the generations, so that deleting those does not give the day back.
    """

    pk = models.CompositePrimaryKey("tenant_id", "day")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    requests = models.PositiveIntegerField(db_default=0)
    bytes = models.PositiveBigIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.day} of {self.tenant_id}"


class StorageUse(TenantModel):
    """How many bytes a tenant stores, in both modes, unfinished uploads included. Triggers keep it."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, primary_key=True, related_name="+")
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.bytes} bytes of {self.tenant_id}"
