from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Tenant
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Status

OUTCOMES = [(status.value, status.label) for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)]


class Activity(models.Model):
    """What the tables below count: jobs by how they ended, and how long they took.

    `duration_counts[i]` jobs took from their start to their end a time in the bucket `duration_buckets[i]` of
    `generations.upkeep.durations`; jobs that never started are in none.
    """

    livemode = models.BooleanField()
    model = models.CharField(max_length=100)
    image_size = models.CharField(max_length=8, blank=True)
    outcome = models.CharField(max_length=12, choices=OUTCOMES)
    error_code = models.CharField(max_length=40, blank=True, help_text="Of failed jobs.")
    upstream_status = models.PositiveSmallIntegerField(
        help_text="HTTP status of a failed job's last call; 0: there was none."
    )
    jobs = models.PositiveIntegerField()
    pictures = models.PositiveIntegerField(help_text="That the charges count.")
    retried = models.PositiveIntegerField(help_text="Jobs that succeeded after a try that failed or a lost worker.")
    duration_buckets = ArrayField(models.PositiveSmallIntegerField())
    duration_counts = ArrayField(models.PositiveIntegerField())

    class Meta:
        abstract = True


class ActivityHour(TenantModel, Activity):
    """The jobs of a tenant that ended in an hour of UTC.

    Written by the scheduler (`generations.upkeep.activity`), never at settlement: no job waits for it. It may lag by a
    minute.
    """

    pk = models.CompositePrimaryKey(
        "hour", "livemode", "tenant_id", "model", "image_size", "outcome", "error_code", "upstream_status"
    )
    hour = models.DateTimeField()
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.jobs} {self.outcome} in {self.hour}"


class ActivityLatest(TenantModel, Activity):
    """The jobs of a tenant that ended in the sixty minutes before the scheduler last looked."""

    pk = models.CompositePrimaryKey(
        "livemode", "tenant_id", "model", "image_size", "outcome", "error_code", "upstream_status"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField(help_text="When the first of them ended.")
    last_at = models.DateTimeField(help_text="When the last of them ended.")

    def __str__(self) -> str:
        return f"{self.jobs} {self.outcome} since {self.first_at}"


class ActivityLatestTotal(Activity):
    """The jobs of all tenants in those sixty minutes: written with `ActivityLatest`, few rows for any number."""

    pk = models.CompositePrimaryKey("livemode", "model", "image_size", "outcome", "error_code", "upstream_status")

    def __str__(self) -> str:
        return f"{self.jobs} {self.outcome} lately"


class ActivityTotal(Activity):
    """The jobs of all tenants that ended in an hour of UTC: written with `ActivityHour`, few rows for any number."""

    pk = models.CompositePrimaryKey(
        "hour", "livemode", "model", "image_size", "outcome", "error_code", "upstream_status"
    )
    hour = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.jobs} {self.outcome} in {self.hour}"


class ActivityMoney(models.Model):
    """What the jobs that ended in an hour of UTC were charged, in one currency. Written with `ActivityHour`."""

    pk = models.CompositePrimaryKey("hour", "livemode", "currency")
    hour = models.DateTimeField()
    livemode = models.BooleanField()
    currency = models.CharField(max_length=3)
    jobs = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=26, decimal_places=9)
    cost = models.DecimalField(max_digits=26, decimal_places=9, help_text="The upstream's, in its own currency.")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} in {self.hour}"


class TenantMove(TenantModel):
    """What a tenant was charged by billing dates: on `day`, in the seven before it, and in the seven before those.

    Written by the scheduler every minute; read where all tenants are compared.
    """

    pk = models.CompositePrimaryKey("tenant_id", "livemode")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()
    day = models.DateField(help_text="The date in UTC when it was summed.")
    today = models.DecimalField(max_digits=20, decimal_places=9)
    week = models.DecimalField(max_digits=20, decimal_places=9)
    week_before = models.DecimalField(max_digits=20, decimal_places=9)

    def __str__(self) -> str:
        return f"{self.week} after {self.week_before}"


class PlatformGauge(models.Model):
    """How the platform stood in an hour of UTC, by the name of what was looked at (`generations.upkeep.gauges`)."""

    pk = models.CompositePrimaryKey("name", "hour")
    name = models.CharField(max_length=40)
    hour = models.DateTimeField()
    last = models.DecimalField(max_digits=26, decimal_places=9, help_text="The newest value, or the sum of the hour.")
    peak = models.DecimalField(max_digits=26, decimal_places=9)

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"
