"""The mails to send: written in the transaction that causes them, so none is lost or sent for nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Mail(TenantModel):
    """One mail to one or several people. Its text is erased once sent, since it may contain an invitation's secret."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant_id = models.UUIDField(null=True, help_text="Empty for mails to operators.")
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    attachments = models.JSONField(default=list, help_text='[{"name", "mime_type", "storage_key"}]')
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True, help_text="The class of the last error.")
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # for mails_due, by the scheduler every few seconds
            models.Index(fields=["due_at"], name="mails_queued", condition=Q(status="queued")),
            # for the operator's page of mails
            models.Index(fields=["id"], name="mails_failed", condition=Q(status="failed")),
            models.Index(fields=["ended_at"], name="mails_sent", condition=Q(status="sent")),
        )

    def __str__(self) -> str:
        return f"{self.subject} ({self.status})"
