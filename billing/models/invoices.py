from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.entities import LegalEntity
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Invoice(TenantModel):
    """What a tenant used in one month of its time zone. A trigger refuses changes once it has a number.

    `exact` is the sum of the lines to the ninth place, which is what the wallet paid; `net` the sum of the lines as
    they are rounded to the currency's minor unit. `net + tax = total = paid_from_balance + amount_due`. `receivable` is
    the part of what is due that the wallet could not carry (see docs/money.md).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        FINALISED = "finalised", "Finalised"
        PAID = "paid", "Paid"
        VOID = "void", "Void"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day.")
    timezone = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    legal_entity = models.ForeignKey(LegalEntity, null=True, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=40, blank=True, db_default="", help_text="Empty where numbers never restart.")
    series_number = models.BigIntegerField(null=True)
    number = models.CharField(max_length=64, null=True)
    currency = models.CharField(max_length=3)
    digits = models.PositiveSmallIntegerField(help_text="Places of the currency's minor unit.")
    exact = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    net = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    tax_label = models.CharField(max_length=40, blank=True)
    tax_note = models.CharField(max_length=300, blank=True)
    tax = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    total = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    paid_from_balance = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    amount_due = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    receivable = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    rounding_borne = models.DecimalField(
        max_digits=20, decimal_places=9, default=0, db_default=0, help_text="Of the rounding, what no wallet paid."
    )
    issued_on = models.DateField(null=True, help_text="In the time zone of the legal entity.")
    due_on = models.DateField(null=True)
    issuer = models.JSONField(default=dict, help_text="The legal entity as it was.")
    customer = models.JSONField(default=dict, help_text="The tenant's billing profile as it was.")
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, help_text="A void one."
    )
    drafted_at = models.DateTimeField(db_default=Now())
    refreshed_at = models.DateTimeField(db_default=Now(), help_text="When the lines of the draft were summed up last.")
    finalised_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=300, blank=True)
    failure = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why the draft could not be summed up or finalised."
    )
    failed_at = models.DateTimeField(null=True)
    seal = models.UUIDField(null=True, editable=False, help_text="Of what was written once; set by a trigger.")

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "id"], name="invoices_of_tenant"),
            # the scheduler's looks: drafts to close, and what is still to be paid
            models.Index(fields=["month", "tenant"], name="invoices_draft", condition=Q(status="draft")),
            models.Index(fields=["tenant"], name="invoices_unpaid", condition=Q(status="finalised")),
        )
        constraints = (
            models.UniqueConstraint(fields=["tenant", "month"], name="invoice_once", condition=~Q(status="void")),
            models.UniqueConstraint(
                fields=["legal_entity", "series", "series_number"], name="invoice_number_of_series"
            ),
            models.UniqueConstraint(fields=["legal_entity", "number"], name="invoice_number_text_once"),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(number__isnull=False, finalised_at__isnull=False, issued_on__isnull=False),
                name="issued_invoice_has_number",
            ),
            models.CheckConstraint(
                condition=Q(total=models.F("net") + models.F("tax"))
                & Q(total=models.F("paid_from_balance") + models.F("amount_due")),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(condition=Q(total__gte=0, amount_due__gte=0), name="invoice_not_negative"),
        )

    def __str__(self) -> str:
        return self.number or f"draft of {self.month:%B %Y}"


class InvoiceLine(TenantModel):
    """What one model did at one size in one kind, tier and unit price, or one entry of the ledger.

    `exact` is what its records sum to. `amount` has coins and is rounded once: quantity × unit price where the line has
    a unit, `exact` elsewhere.

    A line of type `rounding` is nothing exactly; it keeps the sum of the rounded ones from lying below zero.
    """

    class Type(models.TextChoices):
        USAGE = "usage", "Usage"
        BASE_FEE = "base_fee", "Base fee"
        DISCOUNT = "discount", "Volume discount"
        COMMITMENT = "commitment", "Minimum commitment"
        CREDIT = "credit", "Credit used"
        ADJUSTMENT = "adjustment", "Adjustment"
        REFUND = "refund", "Refund"
        ROUNDING = "rounding", "Rounding"

    FEES = (Type.BASE_FEE, Type.DISCOUNT, Type.COMMITMENT)
    """What a plan costs besides usage; the invoice books it."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_constraint=False)
    number = models.PositiveIntegerField(help_text="From 1.")
    type = models.CharField(max_length=12, choices=Type)
    model = models.CharField(max_length=100, blank=True)
    image_size = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=16, blank=True)
    tier = models.CharField(max_length=16, blank=True, db_default="")
    unit = models.CharField(max_length=16, blank=True, db_default="", help_text="Of the unit price; empty without one.")
    unit_price = models.DecimalField(max_digits=20, decimal_places=9, null=True)
    description = models.CharField(max_length=300, blank=True, help_text="The reason of a ledger entry.")
    records = models.BigIntegerField(default=0, help_text="How many usage records it sums up.")
    quantity = models.BigIntegerField(default=0, help_text="In pieces or tokens of the unit.")
    images = models.BigIntegerField(default=0, help_text="How many pictures came with it.")
    exact = models.DecimalField(max_digits=20, decimal_places=9)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    ledger_transaction_id = models.UUIDField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["ledger_transaction_id"],
                name="invoice_lines_of_entry",
                condition=Q(ledger_transaction_id__isnull=False),
            ),
        )
        constraints = (models.UniqueConstraint(fields=["invoice", "number"], name="invoice_line_once"),)

    def __str__(self) -> str:
        return f"line {self.number} of {self.invoice_id}"


class InvoiceDocument(TenantModel):
    """A document of an invoice, a credit note or a receipt, made once and kept in object storage, for ever the same."""

    subject_id = models.UUIDField(primary_key=True, help_text="The invoice, note or receipt; of further ones derived.")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, default="", db_default="", help_text="Of the file, as it is downloaded.")
    storage_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.storage_key
