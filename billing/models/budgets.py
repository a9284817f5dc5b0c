from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Wallet(TenantModel):
    """A tenant's money: `balance` is the sum of its ledger entries, cached under the row's lock.

    Prepaid tenants have a balance and no credit limit, postpaid ones the reverse. What is held for running jobs can
    never exceed what is there; the CHECK is the last word on it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "livemode")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    currency = models.CharField(max_length=3, default="USD")
    balance = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    held = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    credit_limit = models.DecimalField(max_digits=20, decimal_places=9, default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(held__gte=0), name="wallet_held_not_negative"),
            models.CheckConstraint(condition=Q(held__lte=F("balance") + F("credit_limit")), name="wallet_covers_holds"),
        )

    def __str__(self) -> str:
        return f"wallet of {self.tenant_id}"


class Budget(TenantModel):
    """A limit on what a tenant, a key or a member may use in a period. Its use is in `BudgetPeriod`."""

    class Scope(models.TextChoices):
        TENANT = "tenant", "Tenant"
        KEY = "key", "API key"
        MEMBER = "member", "Member"

    class Period(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        TOTAL = "total", "Total"

    class Metric(models.TextChoices):
        MONEY = "money", "Money"
        IMAGES = "images", "Images"
        TOKENS = "tokens", "Tokens"
        REQUESTS = "requests", "Requests"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField(default=True)
    scope = models.CharField(max_length=8, choices=Scope)
    scope_id = models.UUIDField(help_text="The tenant, API key or user that is limited.")
    period = models.CharField(max_length=8, choices=Period)
    metric = models.CharField(max_length=8, choices=Metric)
    limit = models.DecimalField(max_digits=20, decimal_places=9)
    hard = models.BooleanField(default=True)
    set_by_operator = models.BooleanField(default=False, help_text="Tenants cannot change or delete such a budget.")
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["tenant", "scope_id"], name="budgets_that_apply", condition=Q(deleted_at__isnull=True)
            ),
        )
        constraints = (models.CheckConstraint(condition=Q(limit__gte=0), name="budget_limit_not_negative"),)

    def __str__(self) -> str:
        return f"{self.limit} {self.metric} per {self.period} for {self.scope} {self.scope_id}"


class BudgetPeriod(TenantModel):
    """Use of a budget in one period of the tenant's time zone. A job settles into the period that held it."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="periods", db_constraint=False)
    starts_at = models.DateTimeField()
    resets_at = models.DateTimeField(null=True, help_text="Empty for `total`.")
    cap = models.DecimalField(max_digits=20, decimal_places=9)
    hard = models.BooleanField()
    used = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    held = models.DecimalField(max_digits=20, decimal_places=9, default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["budget", "starts_at"], name="budget_period_once"),
            models.CheckConstraint(condition=Q(used__gte=0) & Q(held__gte=0), name="budget_period_not_negative"),
            models.CheckConstraint(
                condition=Q(hard=False) | Q(cap__gte=F("used") + F("held")), name="budget_period_within_cap"
            ),
        )

    def __str__(self) -> str:
        return f"{self.used} used and {self.held} held of {self.cap}"
