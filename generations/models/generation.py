from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Status(models.TextChoices):
    """queued → running → succeeded | failed | canceled; a running job goes back to queued when its worker is lost."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})


class Priority(models.IntegerChoices):
    INTERACTIVE = 0, "Interactive"
    BATCH = 1, "Batch"


class Generation(TenantModel):
    """A job: its state, lease and deadline. What was asked and answered is in `GenerationContent`.

    Rows change through the SQL functions of `generations/sql`, each a compare-and-set on the status; a trigger refuses
    any change of the status of a terminal row.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    api_key_id = models.UUIDField()
    member_id = models.UUIDField(
        null=True, help_text="The person for whom the key counted at acceptance; nobody: the tenant's."
    )
    livemode = models.BooleanField()
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    model = models.CharField(max_length=100)
    tier = models.CharField(max_length=12, default="standard")
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.INTERACTIVE)
    previous_id = models.UUIDField(null=True)
    group_id = models.UUIDField(null=True, help_text="What the variants of one request have in common.")
    batch_id = models.UUIDField(null=True, help_text="The batch it is an item of.")
    batch_index = models.PositiveIntegerField(null=True)
    metadata = models.JSONField(default=dict)
    store = models.BooleanField(default=True)
    image_size = models.CharField(max_length=8, blank=True)
    aspect_ratio = models.CharField(max_length=8, blank=True)
    estimated_bytes = models.BigIntegerField(default=0, help_text="What it occupies while it runs, for admission.")

    created_at = models.DateTimeField(db_default=Now())
    run_after = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    deadline_seconds = models.FloatField(
        null=True, help_text="The client's own, from acceptance; of an item of a batch from its start."
    )
    cancel_at = models.DateTimeField(null=True, help_text="When it is canceled unless it has ended (Cancel-After).")
    cancel_requested_at = models.DateTimeField(null=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that the upstream failed.")
    worker = models.UUIDField(null=True, help_text="The worker process that holds the lease.")
    lease_token = models.UUIDField(null=True, help_text="Fences the end: an older holder's is refused.")
    upstream_id = models.CharField(max_length=300, blank=True)
    upstream_key = models.CharField(max_length=64, blank=True, help_text="Fingerprint of the key it ran on.")
    upstream_host = models.CharField(max_length=300, blank=True)

    request_id = models.CharField(max_length=256, blank=True, default="", db_default="")
    trace_id = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Of the caller's traceparent, in hex."
    )
    run_again_of = models.UUIDField(null=True, help_text="The failed one that an operator ran again as this.")
    error = models.JSONField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # generation_claim: the tenants that wait, and the oldest job of each
            models.Index(
                fields=["priority", "tenant", "run_after", "id"],
                name="generations_queued",
                condition=Q(status="queued"),
            ),
            # generation_claim: how many of a tenant run; generation_sweep: whose worker is gone
            models.Index(fields=["tenant", "worker"], name="generations_running", condition=Q(status="running")),
            # generation_seconds: how long the latest took; activity_counts: what succeeded, by its end
            models.Index(
                fields=["model", "image_size", "-finished_at"],
                include=["started_at"],
                name="generations_latest",
                condition=Q(status="succeeded"),
            ),
            # activity_counts: what did not succeed, by its end
            models.Index(
                fields=["finished_at"], name="generations_unsuccessful", condition=Q(status__in=["failed", "canceled"])
            ),
            # the operator's list: what failed or was canceled, newest first, and by code
            models.Index(
                fields=["status", "id"], name="generations_of_status", condition=Q(status__in=["failed", "canceled"])
            ),
            models.Index(KT("error__code"), F("id"), name="generations_of_code", condition=Q(status="failed")),
            # the variants of one request
            models.Index(fields=["group_id", "id"], name="generations_of_group", condition=Q(group_id__isnull=False)),
            # the filters of the list: what continues a turn, the items of a batch
            models.Index(fields=["previous_id"], name="generations_next", condition=Q(previous_id__isnull=False)),
            models.Index(fields=["batch_id", "id"], name="generations_of_batch", condition=Q(batch_id__isnull=False)),
            # the list endpoint, newest first
            models.Index(
                fields=["tenant", "livemode", "-id"], name="generations_listed", condition=Q(deleted_at__isnull=True)
            ),
            # the operator's search; ids of requests that are ours say when they were made
            HashIndex(fields=["upstream_id"], name="generations_upstream", condition=~Q(upstream_id="")),
            HashIndex(
                fields=["request_id"],
                name="generations_request",
                condition=~Q(request_id="") & ~Q(request_id__startswith="req_"),
            ),
            HashIndex(fields=["trace_id"], name="generations_trace", condition=~Q(trace_id="")),
        )

        constraints = (
            models.UniqueConstraint(
                fields=["run_again_of"], name="generation_run_again_once", condition=Q(run_again_of__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.status}"


class GenerationContent(TenantModel):
    """What was asked and what came back, apart from the job so that it can be erased and kept on its own terms.

    `request` is the body as sent with bytes replaced by file ids; `job_spec` is what the worker does
    (`generations.contracts.JobSpecBody`); `steps` are the upstream's, verbatim with thought signatures, pictures
    replaced by output ids: a conversation can be rebuilt.

    Partitioned by the month in which the generation was made; what was erased goes with its month (decision 0038).
    """

    generation = models.OneToOneField(
        Generation, primary_key=True, on_delete=models.PROTECT, related_name="content", db_constraint=False
    )
    # The key to the generation carries the tenant.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    request = models.JSONField()
    job_spec = models.JSONField(db_column="plan")
    content = models.JSONField(default=list)
    thoughts = models.JSONField(default=list)
    grounding = models.JSONField(null=True)
    steps = models.JSONField(default=list)
    usage_reported = models.JSONField(null=True, help_text="The upstream's own usage, untouched.")
    notices = models.JSONField(default=list, help_text="What differs from what was asked or listed.")

    def __str__(self) -> str:
        return f"content of {self.generation_id}"


class Worker(models.Model):
    """A worker process and its lease: one row to renew per heartbeat, whatever it runs."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    state = models.JSONField(
        default=dict,
        db_default=models.Value({}, output_field=models.JSONField()),
        help_text="What it last said of itself (`WorkerState` of generations.work).",
    )

    def __str__(self) -> str:
        return self.name
