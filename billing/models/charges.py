from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.budgets import BudgetPeriod
from billing.models.prices import Kind
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Hold(TenantModel):
    """The worst case of a generation, held on wallet and budgets from its acceptance to its end.

    `prices` are the unit prices of the acceptance: {kind: {"unit", "price", "cost"}}; the settlement uses no others.
    `used_…` are what of it counts as used, in each metric of budgets, once it has ended.
    """

    class Status(models.TextChoices):
        HELD = "held", "Held"
        SETTLED = "settled", "Settled"
        RELEASED = "released", "Released"

    generation_id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()
    status = models.CharField(max_length=8, choices=Status, default=Status.HELD)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    images = models.PositiveIntegerField()
    tokens = models.PositiveIntegerField()
    prices = models.JSONField()
    api_key_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    used_amount = models.DecimalField(max_digits=20, decimal_places=9, null=True)
    used_images = models.PositiveIntegerField(null=True)
    used_tokens = models.PositiveIntegerField(null=True)
    used_requests = models.PositiveSmallIntegerField(null=True)
    seal = models.UUIDField(null=True, editable=False, help_text="Of what was written once; set by a trigger.")

    class Meta:
        indexes = (
            # a new budget: what has not ended
            models.Index(fields=["tenant"], name="holds_open", condition=Q(status="held")),
            # budget_use: what a new budget's period has used before it was made
            models.Index(fields=["tenant", "livemode", "created_at"], name="holds_of_period"),
        )
        constraints = (models.CheckConstraint(condition=Q(amount__gte=0), name="hold_not_negative"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status} for {self.generation_id}"


class HoldLine(TenantModel):
    """How much of one budget's period a hold takes, in the budget's metric."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="lines", db_constraint=False)
    budget_period = models.ForeignKey(BudgetPeriod, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    quantity = models.DecimalField(max_digits=20, decimal_places=9)

    def __str__(self) -> str:
        return f"{self.quantity} of {self.budget_period_id}"


class Charge(TenantModel):
    """What a generation cost its tenant: at most one row per generation, by its primary key.

    The table is not partitioned, so that this key can promise "charged once" over all time; usage records exist only
    behind it. `lines` sum to `amount`; `absorbed` is what went beyond the hold and is the operator's.
    """

    class Status(models.TextChoices):
        CHARGED = "charged", "Charged"
        NOT_CHARGED = "not_charged", "Not charged"

    generation_id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    livemode = models.BooleanField()
    status = models.CharField(max_length=12, choices=Status)
    reason = models.CharField(max_length=100, null=True)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    cost = models.DecimalField(
        max_digits=20, decimal_places=9, help_text="What the upstream charges the operator for it."
    )
    absorbed = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    currency = models.CharField(max_length=3)
    lines = models.JSONField(default=list)
    usage = models.JSONField(default=dict, help_text="Quantities by kind; no content.")
    flags = models.JSONField(default=list, help_text="What an operator should look at, for example over_hold.")
    billing_date = models.DateField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "billing_date"], name="charges_of_a_day"),
            models.Index(fields=["created_at"], name="charges_flagged", condition=~Q(flags=[])),
            # the operator's list of them, by job
            models.Index(fields=["generation_id"], name="charges_flagged_listed", condition=~Q(flags=[])),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(absorbed__gte=0), name="charge_not_negative"),
            models.CheckConstraint(condition=Q(status="charged") | Q(amount=0), name="not_charged_is_zero"),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.generation_id}"


class BillingPeriod(TenantModel):
    """A calendar month of a tenant. Settling takes a share lock on an open one, closing it an exclusive lock."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day.")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "month"], name="billing_period_once"),)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.month}"


__all__ = ["BillingPeriod", "Charge", "Hold", "HoldLine", "Kind"]
