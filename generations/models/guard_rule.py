"""Rules on requests: what a tenant, or the operator, lets nobody ask for, and whom they ask first."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import ApiKey, Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class GuardRuleType(models.TextChoices):
    WORDS = "words", "Words"
    LIMITS = "limits", "Limits"
    LANGUAGES = "languages", "Languages"
    HOOK = "hook", "Hook"


class GuardStage(models.TextChoices):
    BEFORE = "before", "Before the hold"
    AFTER = "after", "After the picture"


class GuardFallback(models.TextChoices):
    REFUSE = "refuse", "Refuse"
    ALLOW = "allow", "Allow"


class GuardRuleFields(models.Model):
    """What all rules have; which fields count depends on the type.

    Secrets are stored encrypted (accounts.people.secret_box), because each request to a hook is signed with them.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision: models.UUIDField[UUID, UUID] = models.UUIDField(
        default=new_id, editable=False, help_text="Another one after each change, by which readings of rules are told."
    )
    type = models.CharField(max_length=12, choices=GuardRuleType)
    enabled = models.BooleanField(default=True)
    description = models.CharField(max_length=200, blank=True)
    livemode = models.BooleanField(null=True, help_text="The mode that it holds for; empty for both.")
    words = ArrayField(models.TextField(), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    max_image_size = models.CharField(max_length=8, blank=True)
    max_amount = models.DecimalField(
        max_digits=20, decimal_places=9, null=True, help_text="Of one request, in the tenant's currency."
    )
    url = models.TextField(blank=True)
    stages = ArrayField(models.CharField(max_length=8, choices=GuardStage), default=list, blank=True)
    timeout_seconds = models.FloatField(default=5.0)
    on_error = models.CharField(max_length=8, choices=GuardFallback, default=GuardFallback.REFUSE)
    secret = models.TextField(blank=True, help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")
    previous_expires_at = models.DateTimeField(null=True)
    refusals = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.type} ({self.id})"


class GuardRule(GuardRuleFields, TenantModel):
    """A rule on the requests of a tenant, or of one of its keys."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(
        ApiKey,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        help_text="Only its requests.",
    )
    set_by_operator = models.BooleanField(default=False, help_text="Tenants cannot change or delete such a rule.")

    class Meta(TenantModel.Meta):
        indexes = (
            # for generation_submit, which compares what a request was judged by
            models.Index(fields=["tenant", "id"], name="guard_rules_enabled", condition=Q(enabled=True)),
        )


class PlatformGuardRule(GuardRuleFields):
    """A rule of the operator's on the requests of all tenants, which they see and cannot change."""
