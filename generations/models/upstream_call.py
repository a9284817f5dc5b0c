from __future__ import annotations

from django.db import models

from accounts.models import Tenant
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Generation


class UpstreamCall(TenantModel):
    """One try of a generation at the upstream and its answer; never content.

    Written with the end of a job, or when a worker gives it back; a try that died with its worker has no row.
    Partitioned by the month in which the generation was made; an erased one's goes with its month (decision 0038).
    """

    class Kind(models.TextChoices):
        CREATE = "create", "Create"
        FOLLOW = "follow", "Follow"

    pk = models.CompositePrimaryKey("generation", "attempt", "number")
    generation = models.ForeignKey(
        Generation, on_delete=models.PROTECT, related_name="upstream_calls", db_constraint=False, db_index=False
    )
    attempt = models.PositiveSmallIntegerField(help_text="The claim, from 1.")
    number = models.PositiveSmallIntegerField(help_text="The try within the claim, from 1.")
    # The key to the generation carries the tenant.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(
        max_length=8, choices=Kind, help_text="It asked for a picture, or for a job that runs there."
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    first_byte_ms = models.PositiveIntegerField(null=True, help_text="Until the answer began; empty: none came.")
    host = models.CharField(max_length=300)
    upstream_key = models.CharField(max_length=64, blank=True, help_text="Fingerprint of the key it was made with.")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty: there was no answer.")
    code = models.CharField(max_length=100, blank=True, help_text="Of an error: the upstream's, or ours; empty: none.")
    message = models.CharField(
        max_length=500, blank=True, help_text="Of an error, without what the upstream may have quoted of a request."
    )
    upstream_id = models.CharField(max_length=300, blank=True, help_text="The interaction, once it was named.")
    bytes = models.BigIntegerField(default=0, help_text="Of the answer's body, as they came.")
    pictures = models.PositiveSmallIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(null=True, help_text="That the upstream reported; empty: nothing.")
    cooling_seconds = models.FloatField(null=True, help_text="For how long its key was then left alone.")

    def __str__(self) -> str:
        return f"call {self.attempt}.{self.number} of {self.generation_id}"
