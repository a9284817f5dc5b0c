from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.charges import Charge
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Wallet(TenantModel):
    """A tenant's money: `balance` is the sum of its ledger entries, cached under the row's lock.

    Prepaid tenants have a balance and no credit limit, postpaid ones the reverse. What is held for running jobs can
    never exceed what is there; the CHECK is the last word on it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "livemode")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()
    currency = models.CharField(max_length=3, default="USD")
    balance = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    held = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    credit_limit = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    tax_rate = models.DecimalField(
        max_digits=7, decimal_places=4, default=0, db_default=0, help_text="At which it keeps tax back; 0 keeps none."
    )
    untaxed = models.DecimalField(
        max_digits=20,
        decimal_places=9,
        default=0,
        db_default=0,
        help_text="Used, and on no invoice yet (unbilled_sum).",
    )
    low_balance_threshold = models.DecimalField(
        max_digits=20, decimal_places=9, null=True, blank=True, help_text="Below it people are told, once."
    )
    low_balance_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # the scheduler's look at balances that somebody wants to be told of
        indexes = (
            models.Index(fields=["tenant"], name="wallets_watched", condition=Q(low_balance_threshold__isnull=False)),
        )
        constraints = (
            models.CheckConstraint(condition=Q(held__gte=0), name="wallet_held_not_negative"),
            models.CheckConstraint(condition=Q(held__lte=F("balance") + F("credit_limit")), name="wallet_covers_holds"),
        )

    def __str__(self) -> str:
        return f"wallet of {self.tenant_id}"


class Credit(TenantModel):
    """Money given, not paid: a part of the wallet's balance that is spent before the rest, soonest expiry first.

    `remaining` is the sum of the wallet's ledger entries that name the credit, cached under the wallet's lock.
    """

    class Source(models.TextChoices):
        GRANT = "grant", "Granted"
        PLAN = "plan", "Included in the plan"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField(default=True)
    source = models.CharField(max_length=8, choices=Source)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    remaining = models.DecimalField(max_digits=20, decimal_places=9)
    month = models.DateField(null=True, help_text="Of a plan's credit: the first day of its month.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty means never.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(
                fields=["tenant", "livemode", "expires_at", "id"],
                name="credits_to_spend",
                condition=Q(remaining__gt=0),
            ),
            models.Index(fields=["expires_at"], name="credits_to_expire", condition=Q(remaining__gt=0)),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, remaining__gte=0, remaining__lte=F("amount")), name="credit_within_amount"
            ),
            models.UniqueConstraint(fields=["tenant", "month"], name="credit_of_plan_once", condition=Q(source="plan")),
        )

    def __str__(self) -> str:
        return f"{self.remaining} of {self.amount} {self.currency}"


class Allowance(TenantModel):
    """The pictures that a tenant's plan includes in one month of its time zone. The CHECK is the last word."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day; a date, so that a change of the time zone gives none anew.")
    included = models.PositiveIntegerField(help_text="By the plan's terms when the month's first picture was held.")
    used = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "month"], name="allowance_once"),
            models.CheckConstraint(condition=Q(included__gte=F("used") + F("held")), name="allowance_within_included"),
        )

    def __str__(self) -> str:
        return f"{self.used} used and {self.held} held of {self.included}"


class AllowanceUse(TenantModel):
    """The included pictures that a generation holds, and from its end on those that it used."""

    generation_id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    allowance = models.ForeignKey(Allowance, on_delete=models.PROTECT, related_name="uses", db_constraint=False)
    held = models.PositiveIntegerField()
    used = models.PositiveIntegerField(null=True, help_text="Empty until the generation has ended.")

    def __str__(self) -> str:
        return f"{self.held} held for {self.generation_id}"


class FlagResolution(TenantModel):
    """What an operator decided about a charge that was flagged. Written once."""

    charge = models.OneToOneField(
        Charge, primary_key=True, on_delete=models.PROTECT, related_name="resolution", db_constraint=False
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=1000)
    adjustment = models.DecimalField(
        max_digits=20, decimal_places=9, default=0, help_text="On the wallet: positive gives, negative takes."
    )
    actor = models.CharField(max_length=300)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.charge_id}: {self.note[:40]}"
