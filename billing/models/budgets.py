from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now

from accounts.models import Tenant
from billing.models.prices import Plan
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel

INFINITY = RawSQL("'infinity'::timestamptz", ())


class Budget(TenantModel):
    """A limit on what a tenant, a key or a member may use in a period. Its use is in `BudgetPeriod`.

    Made and changed by `billing.services` under `budgets_lock`: a bare save would miss what jobs hold at that moment.
    """

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
    alerts = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Percentages of the limit, 1 to 100.",
    )
    raise_to = models.DecimalField(
        max_digits=20, decimal_places=9, null=True, blank=True, help_text="The limit until `raise_until`."
    )
    raise_until = models.DateTimeField(null=True, blank=True)
    set_by_operator = models.BooleanField(default=False, help_text="Tenants cannot change or delete such a budget.")
    plan = models.ForeignKey(
        Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="The plan it came with."
    )
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            # hold_reserve: the budgets of a job's tenant, key and member
            models.Index(
                fields=["tenant", "scope_id"], name="budgets_that_apply", condition=Q(deleted_at__isnull=True)
            ),
            # the list endpoint, newest first
            models.Index(
                fields=["tenant", "livemode", "-id"], name="budgets_listed", condition=Q(deleted_at__isnull=True)
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(limit__gte=0), name="budget_limit_not_negative"),
            models.CheckConstraint(
                condition=Q(raise_to__isnull=True, raise_until__isnull=True)
                | Q(raise_to__gt=F("limit"), raise_until__isnull=False),
                name="budget_raise_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.limit} {self.metric} per {self.period} for {self.scope} {self.scope_id}"


class BudgetPeriod(TenantModel):
    """Use of a budget in one period of the tenant's time zone. A job settles into the period that held it.

    `cap` is the limit, or what was used and held when the limit was set below that.
    """

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    budget = models.ForeignKey(
        Budget, on_delete=models.PROTECT, related_name="periods", db_constraint=False, db_index=False
    )
    starts_at = models.DateTimeField()
    resets_at = models.DateTimeField(null=True, help_text="Empty for `total`.")
    cap = models.DecimalField(max_digits=20, decimal_places=9)
    hard = models.BooleanField()
    used = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    held = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    alerted = ArrayField(models.PositiveSmallIntegerField(), db_default=[], help_text="Percentages that were told.")

    class Meta:
        indexes = (
            # hold_reserve and the list endpoint: the period that runs, however many have passed
            models.Index("budget", Coalesce("resets_at", INFINITY), name="budget_period_running"),
        )
        constraints = (
            models.UniqueConstraint(fields=["budget", "starts_at"], name="budget_period_once"),
            models.CheckConstraint(condition=Q(used__gte=0) & Q(held__gte=0), name="budget_period_not_negative"),
            models.CheckConstraint(
                condition=Q(hard=False) | Q(cap__gte=F("used") + F("held")), name="budget_period_within_cap"
            ),
        )

    def __str__(self) -> str:
        return f"{self.used} used and {self.held} held of {self.cap}"


class BudgetAlert(TenantModel):
    """A percentage that a budget's use has reached, once per period; written by the transaction that reached it.

    The scheduler turns it into mails to the tenant's owners and billing members.
    """

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    budget_period = models.ForeignKey(
        BudgetPeriod, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    percent = models.PositiveSmallIntegerField()
    limit = models.DecimalField(max_digits=20, decimal_places=9)
    used = models.DecimalField(max_digits=20, decimal_places=9)
    held = models.DecimalField(max_digits=20, decimal_places=9, default=0, db_default=0)
    at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        # the scheduler: what is to be mailed
        indexes = (models.Index(fields=["id"], name="budget_alerts_unmailed", condition=Q(mailed_at__isnull=True)),)
        constraints = (models.UniqueConstraint(fields=["budget_period", "percent"], name="budget_alert_once"),)

    def __str__(self) -> str:
        return f"{self.percent} % of {self.budget_id}"
