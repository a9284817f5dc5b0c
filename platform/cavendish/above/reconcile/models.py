from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cavendish.db.ids import new_id


class ReconcileRun(models.Model):
    """One comparison, and what it found. The operator's alone: no tenant sees it, and none has a row of it.

    While it runs, its process holds the advisory lock of its id, so a run whose process died can be told apart.
    `checks` are {check, about, count, seconds, error, rows}, `rows` the first that differ, with amounts as text.
    """

    class Trigger(models.TextChoices):
        SCHEDULER = "scheduler", "Scheduler"
        COMMAND = "command", "Command"
        OPERATOR = "operator", "Operator"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        CLEAN = "clean", "Clean"
        DIFFERENCES = "differences", "Differences"
        FAILED = "failed", "Failed"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    trigger = models.CharField(max_length=9, choices=Trigger)
    actor = models.CharField(max_length=300)
    status = models.CharField(max_length=11, choices=Status, default=Status.QUEUED)
    whole = models.BooleanField(help_text="Of all tenants, all time and everything that can be compared.")
    options = models.JSONField(default=dict, help_text="What it was limited to.")
    checks = models.JSONField(default=list)
    differing = models.BigIntegerField(default=0, help_text="Rows that differ, over all checks.")
    error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["created_at"], name="reconcile_runs_by_time"),)
        constraints = (
            # Of those that nobody sits in front of, one at a time.
            models.UniqueConstraint(
                fields=["whole"],
                name="reconcile_run_at_a_time",
                condition=Q(status__in=["queued", "running"], trigger__in=["scheduler", "operator"]),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running"]) | Q(ended_at__isnull=False), name="reconcile_run_ends"
            ),
        )

    def __str__(self) -> str:
        return f"{self.trigger} {self.status} at {self.created_at}"
