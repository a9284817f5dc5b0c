"""Webhooks: where a tenant's events are sent, what was sent there, and what came back."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class WebhookEndpoint(TenantModel):
    """A URL that receives a tenant's events of one mode. With a `subject` it receives the events of that object only.

    Secrets are stored encrypted (accounts.people.secret_box), because each request is signed with them.
    """

    class Status(models.TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class Reason(models.TextChoices):
        BY_TENANT = "by_tenant", "Disabled by the tenant"
        GONE = "gone", "The receiver answered 410"
        FAILING = "failing", "It failed for days"

    class Dialect(models.TextChoices):
        NATIVE = "native", "Native"
        GEMINI = "gemini", "Gemini"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    dialect = models.CharField(max_length=8, choices=Dialect, default=Dialect.NATIVE)
    url = models.TextField()
    events = ArrayField(models.CharField(max_length=64), help_text='Names, "invoice.*" or "*".')
    description = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.ENABLED)
    disabled_reason = models.CharField(max_length=16, choices=Reason, blank=True)
    secret = models.TextField(help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")
    previous_expires_at = models.DateTimeField(null=True, blank=True)
    subject = models.UUIDField(null=True, help_text="The only object whose events are sent; empty for all.")
    user_metadata = models.JSONField(null=True, help_text="Comes back with each of Gemini's events.")
    failing_since = models.DateTimeField(null=True, help_text="The first failure after the last success.")
    warned_at = models.DateTimeField(null=True, help_text="When a mail warned that it fails.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            # for the trigger on events, which looks at the endpoints of one tenant
            models.Index(fields=["tenant", "subject"], name="webhooks_enabled", condition=Q(status="enabled")),
            # the operator's front page: what fails, among the endpoints of all jobs
            models.Index(fields=["failing_since"], name="webhooks_failing", condition=Q(failing_since__isnull=False)),
        )

    def __str__(self) -> str:
        return self.url


class WebhookSecret(TenantModel):
    """What signs requests to URLs of single jobs, one of each mode. Made when it is first needed.

    Unlike an endpoint's it can be read again: nobody asked for it, so there was no answer to show it in.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    secret = models.TextField(help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")
    previous_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta(TenantModel.Meta):
        abstract = False
        constraints = (models.UniqueConstraint(fields=["tenant", "livemode"], name="webhook_secret_of_mode"),)

    def __str__(self) -> str:
        return "live" if self.livemode else "test"


class WebhookDelivery(TenantModel):
    """One event for one endpoint. The trigger on events adds it, in the transaction of the event.

    `body` is written before the first attempt and stays, so that all attempts send and sign the same bytes.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant_id = models.UUIDField()
    endpoint_id = models.UUIDField()
    message_id = models.CharField(max_length=64, help_text="The event's id, the same at all endpoints and attempts.")
    event_type = models.CharField(max_length=64, help_text="The name that the receiver reads.")
    source_type = models.CharField(max_length=64, help_text="The name in the event table.")
    subject = models.UUIDField()
    facts = models.JSONField(help_text="The event's data.")
    event_at = models.DateTimeField()
    body = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Since it was created or resent.")
    due_at = models.DateTimeField(db_default=Now(), help_text="The next attempt; while it is sent, the lease's end.")
    lease_token = models.UUIDField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True, help_text="Of the last attempt.")
    error = models.CharField(max_length=200, blank=True, help_text="Of the last attempt.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # for webhook_claim: which endpoints have something due, and what
            models.Index(fields=["endpoint_id", "due_at"], name="webhooks_pending", condition=Q(status="pending")),
            models.Index(fields=["due_at"], name="webhooks_sending", condition=Q(status="sending")),
            # what was sent of one object
            models.Index(fields=["subject"], name="webhooks_of_subject"),
            # for the log of an endpoint
            models.Index(fields=["endpoint_id", "id"], name="webhooks_of_endpoint"),
            # what failed for good, for the operator
            models.Index(fields=["endpoint_id", "id"], name="webhooks_failed", condition=Q(status="failed")),
            # for webhook_deliveries_expire
            models.Index(fields=["created_at"], name="webhooks_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} ({self.status})"


class WebhookAttempt(TenantModel):
    """One request of a delivery and what came back, cut to a few kilobytes."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    delivery_id = models.UUIDField()
    at = models.DateTimeField(db_default=Now())
    duration_ms = models.PositiveIntegerField()
    url = models.TextField()
    request_headers = models.JSONField(default=dict)
    http_status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=["delivery_id", "id"], name="attempts_of_delivery"),)

    def __str__(self) -> str:
        return f"{self.http_status or self.error}"
