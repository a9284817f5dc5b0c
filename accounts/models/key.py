from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models.person import User
from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Scope(models.TextChoices):
    GENERATE = "generate", "Generate"
    READ = "read", "Read"
    FILES = "files", "Files"
    BILLING = "billing", "Billing"
    KEYS = "keys", "Keys"
    WEBHOOKS = "webhooks", "Webhooks"
    MEMBERS = "members", "Members"
    SETTINGS = "settings", "Settings"
    AUDIT = "audit", "Audit"


class ApiKey(TenantModel):
    """A tenant's API key. The secret is shown once; the database stores its prefix and its SHA-256
    (accounts.authentication.tokens).
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=32, unique=True, help_text='For example "cvd_live_4fJ2kQx9".')
    digest = models.BinaryField(max_length=32)
    # The secret before the last rotation, which works until its overlap is over.
    previous_prefix = models.CharField(max_length=32, unique=True, null=True, blank=True)
    previous_digest = models.BinaryField(max_length=32, null=True)
    previous_expires_at = models.DateTimeField(null=True, blank=True)
    livemode = models.BooleanField()
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope), default=list)
    ip_ranges = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    allowed_models = models.JSONField(null=True, blank=True, help_text="Model ids; empty means the tenant's.")
    member = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The person whose budgets and usage it counts for, a member when it was set; nobody: the tenant's.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty means KEY_REQUESTS_PER_MINUTE, 0 no limit beside the tenant's."
    )
    images_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty means KEY_IMAGES_PER_MINUTE, 0 no limit beside the tenant's."
    )
    is_console = models.BooleanField(
        default=False, db_default=False, help_text="What people do in the console counts for it. It has no secret."
    )
    jobs_in_flight = models.PositiveIntegerField(
        null=True, blank=True, help_text="Interactive jobs queued and running at once; empty means no limit."
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by_key = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Within a minute or so.")
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["tenant", "created_at"], name="keys_of_tenant"),)
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "livemode"], condition=models.Q(is_console=True), name="console_key_once"
            ),
        )

    def __str__(self) -> str:
        return self.prefix
