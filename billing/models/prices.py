from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Kind(models.TextChoices):
    """What is priced, in the words of `prices.csv`."""

    TEXT_INPUT = "text_input", "Text in"
    IMAGE_INPUT = "image_input", "Image in"
    VIDEO_INPUT = "video_input", "Video in"
    CACHED_INPUT = "cached_input", "Cached in"
    TEXT_OUTPUT = "text_output", "Text out"
    THOUGHT_OUTPUT = "thought_output", "Thought out"
    IMAGE_OUTPUT = "image_output", "Image out"
    SEARCH_QUERY = "search_query", "Search queries"


class Tier(models.TextChoices):
    STANDARD = "standard", "Standard"
    BATCH = "batch", "Batch"


class Unit(models.TextChoices):
    TOKENS = "per_1m_tokens", "per 1,000,000 tokens"
    QUERIES = "per_1k_queries", "per 1,000 queries"
    IMAGE = "per_image", "per picture"


class Plan(models.Model):
    """What tenants pay and get; its terms are in versions, its own prices in `Price`. The currency is for good."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, default="USD")
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, blank=True, help_text="No tenant can be moved to it any more.")

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """The terms of a plan from a moment on; the newest that has begun applies. Rows are never changed."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    effective_from = models.DateTimeField()
    markup_percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    included_images = models.PositiveIntegerField(default=0, help_text="Pictures a month that cost nothing.")
    included_credit = models.DecimalField(
        max_digits=20, decimal_places=9, default=0, help_text="Credit a month, which expires with it."
    )
    base_fee = models.DecimalField(
        max_digits=20,
        decimal_places=9,
        default=0,
        db_default=0,
        help_text="A month, by days where it begins within one.",
    )
    minimum_commitment = models.DecimalField(
        max_digits=20, decimal_places=9, default=0, db_default=0, help_text="What a month comes to at least."
    )
    volume_discounts = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()),
        help_text="Percent off what a month's usage comes to above a step.",
    )  # fmt: skip
    allowed_models = models.JSONField(null=True, blank=True, help_text="Model ids; empty means all.")
    default_budgets = models.JSONField(default=list, help_text="Budgets that a tenant gets with the plan.")
    dunning = models.JSONField(
        default=dict, db_default=models.Value({}, output_field=models.JSONField()),
        help_text="What is done about invoices that are not paid in time; empty means nothing.",
    )  # fmt: skip
    actor = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "effective_from"], name="plan_version_once"),
            models.CheckConstraint(
                condition=models.Q(markup_percent__gte=-100) & models.Q(included_credit__gte=0), name="plan_terms_sane"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plan_id} from {self.effective_from}"


class Price(models.Model):
    """One unit price from a moment on. Without a plan it is what the upstream charges us.

    Rows are never changed: a new price is a new row with a later `effective_from`, so a job that was accepted earlier
    keeps the prices of its acceptance. A plan may sell pictures at a fixed price (`per_image`), one for each
    `image_size` or, where that is empty, for all.
    """

    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="prices")
    model = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=Kind)
    tier = models.CharField(max_length=16, choices=Tier, default=Tier.STANDARD)
    unit = models.CharField(max_length=16, choices=Unit, default=Unit.TOKENS)
    image_size = models.CharField(max_length=8, blank=True, default="", db_default="")
    unit_price = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3, default="USD")
    effective_from = models.DateTimeField()
    source = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=300, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    seal = models.UUIDField(null=True, editable=False, help_text="Of what was written once; set by a trigger.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["plan", "model", "kind", "tier", "image_size", "effective_from"],
                name="price_version_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(unit="per_image", kind="image_output", plan__isnull=False)
                | (~models.Q(unit="per_image") & models.Q(image_size="")),
                name="price_per_image_is_a_plans",
            ),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="price_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.kind} {self.tier}: {self.unit_price} {self.unit}"


class Subscription(TenantModel):
    """The plan of a tenant from a moment on; the newest that has begun applies."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(db_default=Now())
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When the plan's budgets were given.")
    actor = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        # the scheduler's look for what begins
        indexes = (
            models.Index(
                fields=["starts_at"], name="subscriptions_to_begin", condition=models.Q(begun_at__isnull=True)
            ),
        )
        constraints = (models.UniqueConstraint(fields=["tenant", "starts_at"], name="subscription_once"),)

    def __str__(self) -> str:
        return f"{self.tenant_id} on {self.plan_id}"
