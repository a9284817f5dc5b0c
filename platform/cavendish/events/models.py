"""The event table: history, source of server-sent events and outbox in one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cavendish.db.tenancy import TenantModel


class Event(TenantModel):
    """Something that happened to `subject`, written in the transaction that made it happen.

    `xid` is the writing transaction, counted on from where a restored database had come to (`event_timeline_continue`).
    Readers order by (xid, id) and read below `event_horizon`, because a row with a
    lower id may become visible after one with a higher id when its transaction commits late.

    Partitioned by the month in which the subject was made (decision 0038): ask for a subject wherever there is one.
    """

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    subject = models.UUIDField(help_text="The generation, invoice … that changed.")
    type = models.CharField(max_length=64, help_text='For example "generation.succeeded".')
    data = models.JSONField(default=dict, help_text="Old, new and reason of a status change; never content.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("id",)
        # generation_month_drop: what is not a job's. The key of the table is (subject, id).
        indexes = (
            models.Index(fields=["subject"], name="events_of_others", condition=~Q(type__startswith="generation.")),
        )

    def __str__(self) -> str:
        return f"{self.type} of {self.subject}"
