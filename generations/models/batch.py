from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class BatchStatus(models.TextChoices):
    """queued → running → completed | failed (all items) | expired; canceling → canceled once no item runs any more."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    CANCELING = "canceling", "Canceling"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"
    EXPIRED = "expired", "Expired"


BATCH_ENDED = frozenset({BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.CANCELED, BatchStatus.EXPIRED})
BATCH_ACTIVE = frozenset({BatchStatus.QUEUED, BatchStatus.RUNNING, BatchStatus.CANCELING})


class ItemStatus(models.TextChoices):
    """waiting → in_progress (there is a generation) → an end; a waiting one may end without ever becoming a job."""

    WAITING = "waiting", "Waiting"
    IN_PROGRESS = "in_progress", "In progress"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"
    EXPIRED = "expired", "Expired"


class Batch(TenantModel):
    """Many requests in one: its items become generations of low priority, a few at a time (decision 0008).

    The counts are kept where an item ends (`batch_count`); nothing ever counts items. `total` minus `fed` wait.
    """

    class Dialect(models.TextChoices):
        NATIVE = "native", "Native"
        GEMINI = "gemini", "Gemini"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    api_key_id = models.UUIDField()
    member_id = models.UUIDField(
        null=True, help_text="The person for whom the key counted at acceptance; nobody: the tenant's."
    )
    livemode = models.BooleanField()
    status = models.CharField(max_length=12, choices=BatchStatus, default=BatchStatus.QUEUED)
    dialect = models.CharField(max_length=8, choices=Dialect, help_text="What its items' requests are written in.")
    model = models.CharField(max_length=100, blank=True, help_text="Of all its items; none where each names its own.")
    allowed_models = models.JSONField(null=True, help_text="What its key might use at acceptance; null for all.")
    name = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict)
    input_key = models.CharField(
        max_length=300, blank=True, help_text="The object that its items' places refer to; gone once nothing is read."
    )
    input_bytes = models.BigIntegerField(
        default=0, db_default=0, help_text="Of an input of its own; 0 once it is erased, or where it is a file."
    )
    input_file = models.UUIDField(null=True, help_text="The tenant's file it was made from; none for inline items.")

    total = models.PositiveIntegerField()
    fed = models.PositiveIntegerField(default=0, help_text="Items that no longer wait.")
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    canceled = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)

    request_id = models.CharField(max_length=256, blank=True, default="", db_default="")
    trace_id = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Of the caller's traceparent, in hex."
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="What has not started by then never will.")
    cancel_requested_at = models.DateTimeField(null=True)
    feed_after = models.DateTimeField(db_default=Now(), help_text="No feeder looks at it before: a lease or a pause.")
    aside_until = models.DateTimeField(
        null=True, help_text="Until when it is behind the tenant's others, since all of it waits for fetches."
    )
    refused_at = models.DateTimeField(null=True, help_text="Since when a budget or the wallet has had no room.")
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = (
            models.CheckConstraint(
                condition=Q(fed__lte=F("total"))
                & Q(total__gte=F("succeeded") + F("failed") + F("canceled") + F("expired")),
                name="batch_counts",
            ),
        )
        indexes = (
            # batch_feed_claim: what is to be fed or wound down
            models.Index(
                fields=["tenant", "id"],
                name="batches_active",
                condition=Q(status__in=["queued", "running", "canceling"]),
            ),
            # batch_inputs_erase: what was sent inline, when nothing of it will be read again
            models.Index(
                fields=["finished_at"],
                name="batches_to_erase",
                condition=Q(input_file__isnull=True, finished_at__isnull=False) & ~Q(input_key=""),
            ),
            # the operator's search
            models.Index(fields=["request_id"], name="batches_request", condition=~Q(request_id="")),
            # the list endpoints, newest first
            models.Index(
                fields=["tenant", "livemode", "-id"], name="batches_listed", condition=Q(deleted_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.status}"

    def may_use(self, model: str) -> bool:
        """As its key might at acceptance."""
        return self.allowed_models is None or model in self.allowed_models

    @property
    def in_progress(self) -> int:
        """Items that are a generation which has not ended."""
        return self.fed - self.succeeded - self.failed - self.canceled - self.expired


class BatchItem(TenantModel):
    """One request of a batch: where its JSON lies in the batch's input, and what became of it.

    The content is the generation's; `error` says why there is none, or why it failed.
    """

    pk = models.CompositePrimaryKey("batch", "index")
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="items", db_constraint=False, db_index=False
    )
    index = models.PositiveIntegerField()
    # The key to the batch carries the tenant; ten thousand rows need neither a second one nor an index for it.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    key = models.CharField(max_length=255, help_text="The tenant's name for it.")
    metadata = models.JSONField(null=True, help_text="What a request of the Gemini API has beside it.")
    start = models.BigIntegerField(help_text="Bytes into the batch's input.")
    length = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=ItemStatus, default=ItemStatus.WAITING)
    generation_id = models.UUIDField(null=True)
    error = models.JSONField(null=True)

    class Meta:
        indexes = (
            # the feeder: the next that wait; the items endpoint: those of one status
            models.Index(fields=["batch", "status", "index"], name="items_by_status"),
        )

    def __str__(self) -> str:
        return f"item {self.index} of {self.batch_id}"
