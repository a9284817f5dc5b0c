from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.invoices import Invoice
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class ProviderCustomer(TenantModel):
    """The name by which a payment provider knows a tenant."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    reference = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "provider"], name="customer_of_provider_once"),
            models.UniqueConstraint(fields=["provider", "reference"], name="customer_reference_once"),
        )

    def __str__(self) -> str:
        return self.reference


class PaymentMethod(TenantModel):
    """A card or a bank account that a tenant saved with the provider. Of it we keep what people tell it by, no more."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    reference = models.CharField(max_length=100, help_text="The provider's id.")
    type = models.CharField(max_length=32, help_text="card, sepa_debit, us_bank_account and so on.")
    brand = models.CharField(max_length=32, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "reference"], name="method_reference_once"),
            models.UniqueConstraint(
                fields=["tenant"], name="method_default_once", condition=Q(is_default=True, removed_at=None)
            ),
        )
        indexes = (models.Index(fields=["tenant", "id"], name="methods_of_tenant"),)

    def __str__(self) -> str:
        return f"{self.type} {self.last4}"


class ProviderPayment(TenantModel):
    """Money that is asked for through a provider: a top-up, or what is left of an invoice.

    It is written before the provider is asked, so that whatever the provider did is found again by its id. `booked_at`
    is set in the transaction that books the money; `taken_back` is what the provider gave back or lost to a dispute,
    `reversed` how much of that the ledger has, `waived` how much an operator decided not to take.

    `problem` says why what the provider said cannot be booked, and `came` what came of which nothing is booked. It
    stays until it is booked after all or an operator sets it aside.
    """

    class Purpose(models.TextChoices):
        TOP_UP = "top_up", "Top-up"
        AUTO_TOP_UP = "auto_top_up", "Automatic top-up"
        INVOICE = "invoice", "Invoice"

    class Status(models.TextChoices):
        CREATED = "created", "Being sent"
        PENDING = "pending", "Pending"
        REQUIRES_ACTION = "requires_action", "Needs the payer"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    OPEN = (Status.CREATED, Status.PENDING, Status.REQUIRES_ACTION)

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    purpose = models.CharField(max_length=12, choices=Purpose)
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    method = models.ForeignKey(
        PaymentMethod, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        help_text="Empty where the payer chooses on the provider's page.",
    )  # fmt: skip
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=16, choices=Status, default=Status.CREATED)
    reference = models.CharField(max_length=100, blank=True, help_text="The provider's id of the payment.")
    charge_reference = models.CharField(max_length=100, blank=True, help_text="What refunds name.")
    page_reference = models.CharField(max_length=100, blank=True, help_text="Of the provider's page to pay on.")
    hosted_url = models.TextField(blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the provider gave no clear answer.")
    check_at = models.DateTimeField(db_default=Now(), help_text="When the provider is asked again.")
    actor = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    booked_at = models.DateTimeField(null=True)
    received = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    ledger_transaction_id = models.UUIDField(null=True, help_text="The top-up that it was booked as.")
    taken_back = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    reversed = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    dispute = models.CharField(max_length=32, blank=True, help_text="The provider's word for its state.")
    problem = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Why it cannot be booked: a code."
    )
    problem_detail = models.CharField(max_length=200, blank=True, default="", db_default="")
    problem_at = models.DateTimeField(null=True, help_text="Since when.")
    came = models.DecimalField(max_digits=20, decimal_places=9, null=True, help_text="What came and is not booked.")
    came_currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    waived = models.DecimalField(max_digits=20, decimal_places=9, default=0, db_default=0)
    set_aside_at = models.DateTimeField(null=True, help_text="When an operator decided that nothing is left to do.")
    set_aside_by = models.CharField(max_length=300, blank=True, default="", db_default="")
    set_aside_note = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["tenant"],
                name="auto_top_up_one_at_a_time",
                condition=Q(purpose="auto_top_up", status__in=["created", "pending", "requires_action"]),
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                name="invoice_one_collection",
                condition=Q(purpose="invoice", status__in=["created", "pending", "requires_action"]),
            ),
            models.UniqueConstraint(
                fields=["provider", "reference"], name="provider_reference_once", condition=~Q(reference="")
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, taken_back__gte=0), name="provider_payment_positive"),
            models.CheckConstraint(
                condition=Q(booked_at=None) | Q(status="succeeded"), name="booked_only_what_succeeded"
            ),
        )
        indexes = (
            models.Index(fields=["tenant", "id"], name="provider_payments_of_tenant"),
            models.Index(
                fields=["check_at"],
                name="provider_payments_open",
                condition=Q(status__in=["created", "pending", "requires_action"]),
            ),
            models.Index(
                fields=["id"],
                name="provider_payments_owed",
                condition=Q(status="succeeded") & ~Q(taken_back=models.F("reversed")),
            ),
            models.Index(
                fields=["id"], name="provider_payments_stuck", condition=~Q(problem="") & Q(set_aside_at=None)
            ),
            models.Index(fields=["invoice"], name="provider_payments_invoice", condition=Q(invoice__isnull=False)),
            models.Index(fields=["page_reference"], name="provider_payments_page", condition=~Q(page_reference="")),
            models.Index(
                fields=["charge_reference"], name="provider_payments_charge", condition=~Q(charge_reference="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.amount} {self.currency}"


class AutoTopUp(TenantModel):
    """When a tenant's wallet is topped up by itself. All amounts are in the wallet's currency."""

    tenant = models.OneToOneField(Tenant, primary_key=True, on_delete=models.PROTECT, related_name="+")
    enabled = models.BooleanField(default=False)
    threshold = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    monthly_limit = models.DecimalField(max_digits=20, decimal_places=9, null=True, help_text="Empty is no limit.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    retry_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=64, blank=True, help_text="Where the platform switched it off.")
    limit_told_on = models.DateField(null=True, help_text="The month of whose limit people were told.")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(enabled=False) | Q(amount__gt=0), name="auto_top_up_adds"),
            models.CheckConstraint(condition=Q(threshold__gte=0), name="auto_top_up_threshold"),
        )
        indexes = (models.Index(fields=["tenant"], name="auto_top_ups_enabled", condition=Q(enabled=True)),)

    def __str__(self) -> str:
        return f"below {self.threshold} add {self.amount}"


class ProviderEvent(models.Model):
    """What a provider told us, once per event of its: the operator's alone, for it also tells of what is not ours.

    An event is a hint: what it is about is read from the provider anew, so that its order and age do not matter.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        PROCESSED = "processed", "Processed"
        IGNORED = "ignored", "Not ours"
        SET_ASIDE = "set_aside", "Set aside"

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        POLL = "poll", "Found by asking"

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=16)
    reference = models.CharField(max_length=100)
    type = models.CharField(max_length=100)
    about = models.CharField(max_length=16, help_text="payment, page, method.")
    object_reference = models.CharField(max_length=100)
    order_id = models.CharField(max_length=64, blank=True, help_text="Our id, which we gave the provider.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=8, choices=Source)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    error = models.CharField(max_length=100, blank=True)
    error_detail = models.CharField(max_length=200, blank=True, default="", db_default="")
    set_aside_at = models.DateTimeField(null=True)
    set_aside_by = models.CharField(max_length=300, blank=True, default="", db_default="")
    set_aside_note = models.CharField(max_length=300, blank=True, default="", db_default="")
    tenant_id = models.UUIDField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["provider", "reference"], name="provider_event_once"),)
        indexes = (
            models.Index(fields=["due_at"], name="provider_events_due", condition=Q(state="received")),
            models.Index(fields=["provider", "happened_at"], name="provider_events_newest"),
            models.Index(fields=["id"], name="provider_events_set_aside", condition=Q(state="set_aside")),
        )

    def __str__(self) -> str:
        return self.type
