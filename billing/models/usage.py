from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.tenancy import TenantModel

REQUEST = "request"
"""The roll-ups' kind for generations as such: `quantity` counts those that ended, `cost` is what no record carries."""


class UsageRecord(TenantModel):
    """One priced line of a charge, in the month of its billing date (a partition).

    `images` are the pictures that the charge counts; they stand at the line of the pictures' tokens.
    """

    pk = models.CompositePrimaryKey("billing_date", "generation_id", "attempt", "kind")
    billing_date = models.DateField()
    generation_id = models.UUIDField()
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    livemode = models.BooleanField()
    api_key_id = models.UUIDField()
    member_id = models.UUIDField(null=True)
    model = models.CharField(max_length=100)
    image_size = models.CharField(max_length=8, blank=True)
    tier = models.CharField(max_length=16, db_default="standard", help_text="Of its job: batch for an item of a batch.")
    quantity = models.BigIntegerField(help_text="Tokens; queries of searches; pictures of what a plan includes.")
    pieces = models.PositiveIntegerField(null=True, help_text="What `per_image` bills; elsewhere it bills `quantity`.")
    images = models.PositiveIntegerField(db_default=0)
    unit = models.CharField(max_length=16, db_default="", help_text="Of the price.")
    unit_price = models.DecimalField(max_digits=20, decimal_places=9)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    cost = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.quantity} {self.kind} of {self.generation_id}"


class UsageRollup(TenantModel):
    """Sums of usage per hour and billing date; pages and reports read these, never the records.

    Hours are those of UTC, where none is missing or comes twice. Each kind sums the records; the row of kind `request`
    counts the generations that ended, charged or not, and those that an operator should look at (`flagged`). So the
    rows' `cost` is the charges', to the last digit. Rows differ by unit price and tier too, so that an invoice can say
    what was sold at which price: `billed` × `unit_price` of the `unit`. Without a unit there is no price: what a plan
    includes, and what went beyond a hold.
    """

    pk = models.CompositePrimaryKey(
        "tenant_id",
        "billing_date",
        "hour",
        "livemode",
        "model",
        "api_key_id",
        "member_id",
        "image_size",
        "kind",
        "tier",
        "unit",
        "unit_price",
    )
    # The key begins with it. An index of its own would lead the planner to a tenant's whole past.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    billing_date = models.DateField()
    hour = models.DateTimeField()
    livemode = models.BooleanField()
    model = models.CharField(max_length=100)
    api_key_id = models.UUIDField()
    member_id = models.UUIDField(
        db_default="00000000-0000-0000-0000-000000000000", help_text="Zeros where the key counts for nobody."
    )
    image_size = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=16)
    tier = models.CharField(max_length=16, db_default="", help_text="Empty: from before tiers were kept.")
    unit = models.CharField(max_length=16, blank=True, db_default="")
    unit_price = models.DecimalField(max_digits=20, decimal_places=9, db_default=0)
    records = models.BigIntegerField(default=0)
    quantity = models.BigIntegerField(default=0)
    billed = models.BigIntegerField(db_default=0, help_text="Pieces or tokens of the unit.")
    images = models.BigIntegerField(db_default=0)
    flagged = models.BigIntegerField(db_default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    cost = models.DecimalField(max_digits=20, decimal_places=9, default=0)

    class Meta:
        # usage_platform_refresh, and operators who look across tenants
        indexes = (models.Index(fields=["billing_date"], name="rollups_of_a_day"),)

    def __str__(self) -> str:
        return f"{self.quantity} {self.kind} in {self.hour}"


class UsageTag(TenantModel):
    """A metadata key that a tenant wants its usage summed by. At most five; see decision 0011."""

    pk = models.CompositePrimaryKey("tenant_id", "key")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class UsageTagValue(TenantModel):
    """A value of a tag that has rows of its own in a month. What comes after the hundredth is summed as "(other)"."""

    pk = models.CompositePrimaryKey("tenant_id", "month", "livemode", "key", "value")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(help_text="Its first day.")
    livemode = models.BooleanField()
    key = models.CharField(max_length=64)
    value = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class UsageTagRollup(TenantModel):
    """Sums of usage per billing date and value of a tag. Bounded by days, values, models, sizes and kinds."""

    pk = models.CompositePrimaryKey(
        "tenant_id", "billing_date", "livemode", "key", "value", "model", "image_size", "kind"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    billing_date = models.DateField()
    livemode = models.BooleanField()
    key = models.CharField(max_length=64)
    value = models.CharField(max_length=200)
    model = models.CharField(max_length=100)
    image_size = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=16)
    records = models.BigIntegerField(default=0)
    quantity = models.BigIntegerField(default=0)
    images = models.BigIntegerField(default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    cost = models.DecimalField(max_digits=20, decimal_places=9, default=0)

    def __str__(self) -> str:
        return f"{self.quantity} {self.kind} of {self.key}={self.value}"


class PlatformDay(TenantModel):
    """A billing date of a tenant and model in one row, for the operator's pages.

    Written by the scheduler (`usage_platform_refresh`), never at settlement: no job waits for a row that all tenants
    share. It may lag by a minute.
    """

    pk = models.CompositePrimaryKey("billing_date", "livemode", "tenant_id", "model")
    billing_date = models.DateField()
    livemode = models.BooleanField()
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=100)
    requests = models.BigIntegerField()
    images = models.BigIntegerField()
    flagged = models.BigIntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    cost = models.DecimalField(max_digits=20, decimal_places=9)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.requests} of {self.model} on {self.billing_date}"


class PlatformMonth(TenantModel):
    """A month of a tenant and model: the sums of its `PlatformDay`s, written with them."""

    pk = models.CompositePrimaryKey("month", "livemode", "tenant_id", "model")
    month = models.DateField(help_text="Its first day.")
    livemode = models.BooleanField()
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=100)
    requests = models.BigIntegerField()
    images = models.BigIntegerField()
    flagged = models.BigIntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    cost = models.DecimalField(max_digits=20, decimal_places=9)

    def __str__(self) -> str:
        return f"{self.requests} of {self.model} in {self.month:%B %Y}"


class PlatformTotal(models.Model):
    """A billing date of all tenants and one model: the sums of `PlatformDay`s in one currency, written with them."""

    pk = models.CompositePrimaryKey("billing_date", "livemode", "currency", "model")
    billing_date = models.DateField()
    livemode = models.BooleanField()
    currency = models.CharField(max_length=3)
    model = models.CharField(max_length=100)
    requests = models.BigIntegerField()
    images = models.BigIntegerField()
    flagged = models.BigIntegerField()
    amount = models.DecimalField(max_digits=26, decimal_places=9)
    cost = models.DecimalField(max_digits=26, decimal_places=9)

    def __str__(self) -> str:
        return f"{self.requests} of {self.model} on {self.billing_date}"
