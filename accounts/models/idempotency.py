from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models.operator_key import OperatorKey
from accounts.models.tenant import Tenant
from cavendish.db.tenancy import TenantModel


class IdempotencyKey(TenantModel):
    """A POST that carried an `Idempotency-Key`: which request it was, and what it made. Kept for a day.

    `id` is a hash of whose request it was and of the header's value, which is not stored. Nor is the answer: a replay
    is rebuilt from what was made. `answer` is for answers that no object stands behind.
    """

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress"
        DONE = "done"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, editable=False)
    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.PROTECT, related_name="+")
    operator_key = models.ForeignKey(OperatorKey, null=True, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of address and body.")
    state = models.CharField(max_length=12, choices=State, default=State.IN_PROGRESS)
    token = models.UUIDField(help_text="Whose the key is while it is in progress; whoever takes over writes another.")
    leased_until = models.DateTimeField()
    made = ArrayField(models.CharField(max_length=64), default=list, help_text="Ids of what the request made.")
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(tenant=None) ^ models.Q(operator_key=None), name="idempotency_key_of_one"
            ),
        )
        indexes = (
            # for idempotency_keys_expire, by the scheduler
            models.Index(fields=["expires_at"], name="idempotency_keys_expiring"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
