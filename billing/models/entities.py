from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class LegalEntity(models.Model):
    """The operator's company that issues invoices, and how many documents of each kind it has issued.

    `timezone` is that of the dates on its documents and of {year} and {month} in its prefixes. Its counters move by
    one, in the transaction that issues the document, under this row's lock: no number is ever
    missing or given twice. A trigger refuses any other step.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    address = models.TextField(max_length=1000, help_text="As it stands on the paper, with its lines.")
    postal_address = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Its parts, for e-invoices; empty where they are not known."
    )
    tax_id = models.CharField(max_length=64, blank=True)
    email = models.EmailField(blank=True)
    contact_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    phone = models.CharField(max_length=40, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3, default="USD", help_text="Of the tenants that get no other.")
    tax_currency = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text="In which it owes VAT, where invoices have another one.",
    )
    iban = models.CharField(max_length=34, blank=True, default="", db_default="")
    bic = models.CharField(max_length=11, blank=True, default="", db_default="")
    bank_details = models.TextField(max_length=1000, blank=True, help_text="Where to pay to; at the end of an invoice.")
    footer = models.CharField(max_length=300, blank=True, help_text="Register, directors: at the foot of each page.")
    logo = models.BinaryField(null=True, blank=True, help_text="PNG or JPEG.")
    invoice_prefix = models.CharField(max_length=24, default="INV-", help_text="May hold {year} and {month}.")
    credit_note_prefix = models.CharField(max_length=24, default="CN-", help_text="May hold {year} and {month}.")
    receipt_prefix = models.CharField(
        max_length=24, default="RC-", db_default="RC-", help_text="May hold {year} and {month}."
    )
    number_digits = models.PositiveSmallIntegerField(default=6)
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC", help_text="Of the dates of issue.")
    numbers_restart = models.BooleanField(
        default=False, db_default=False, help_text="Numbers begin at 1 again where {year} or {month} changes."
    )
    keeps_tax_back = models.BooleanField(
        default=True, db_default=True, help_text="Prepaid wallets keep the tax of their next invoice back."
    )
    receipts_from = models.DateTimeField(
        null=True, default=now, help_text="Top-ups since then get a receipt; empty: none."
    )
    receipts_issued = models.BigIntegerField(default=0, db_default=0, editable=False)
    invoices_issued = models.BigIntegerField(default=0, editable=False)
    credit_notes_issued = models.BigIntegerField(default=0, editable=False)
    is_default = models.BooleanField(default=False, help_text="Issues for tenants that name no other.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "legal entities"
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"], name="legal_entity_default_once", condition=Q(is_default=True)
            ),
        )

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """One counter of a company's numbers, and the date of the last one. Written under the company's lock alone.

    `series` is empty for the counter of all documents, or where numbers restart the prefix with its year and month.
    """

    class Document(models.TextChoices):
        INVOICES = "invoices", "Invoices"
        CREDIT_NOTES = "credit_notes", "Credit notes"
        RECEIPTS = "receipts", "Receipts"

    id = models.BigAutoField(primary_key=True)
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.CharField(max_length=16, choices=Document)
    series = models.CharField(max_length=40, blank=True)
    issued = models.BigIntegerField()
    last_on = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["legal_entity", "document", "series"], name="number_series_once"),
        )

    def __str__(self) -> str:
        return f"{self.issued} {self.document} {self.series}".rstrip()


class TaxCategory(models.TextChoices):
    """VAT categories of EN 16931 (UNCL 5305) that fit what is sold here: services over a wire."""

    STANDARD = "S", "Standard or reduced rate"
    ZERO = "Z", "Zero rate"
    EXEMPT = "E", "Exempt"
    REVERSE_CHARGE = "AE", "Reverse charge"
    WITHIN_EU = "K", "Exempt, within the EU"
    EXPORT = "G", "Free export"
    OUTSIDE = "O", "Outside the scope of VAT"


class BillingProfile(TenantModel):
    """To whom a tenant's invoices go and on which terms. The tenant writes its address, the operator the rest."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, primary_key=True, related_name="+")
    name = models.CharField(max_length=200, blank=True, help_text="Empty means the tenant's name.")
    address = models.TextField(max_length=1000, blank=True)
    postal_address = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Its parts, for e-invoices; empty where they are not known."
    )
    tax_id = models.CharField(max_length=64, blank=True)
    buyer_reference = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Leads an e-invoice on, for example a Leitweg-ID.",
    )
    reference = models.CharField(max_length=100, blank=True, help_text="For example a purchase order; on each invoice.")
    emails = ArrayField(
        models.EmailField(), default=list, blank=True, help_text="Empty means owners and billing members."
    )
    legal_entity = models.ForeignKey(LegalEntity, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True, help_text="Percent.")
    tax_label = models.CharField(max_length=40, blank=True, help_text='For example "VAT".')
    tax_note = models.CharField(max_length=300, blank=True, help_text="For example of a reverse charge.")
    tax_category = models.CharField(
        max_length=2,
        choices=TaxCategory,
        blank=True,
        default="",
        db_default="",
        help_text="Of EN 16931, for e-invoices.",
    )
    tax_exemption_code = models.CharField(
        max_length=30, blank=True, default="", db_default="", help_text="Why no VAT is due, of the list VATEX."
    )
    payment_terms_days = models.PositiveSmallIntegerField(default=14)
    send_by_email = models.BooleanField(default=True)
    invoiced = models.BooleanField(default=True, help_text="Off: this tenant gets no invoices.")
    dunning_paused_until = models.DateField(
        null=True, blank=True, help_text="Until this day, included, nothing follows from what is overdue."
    )
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(tax_rate__isnull=True) | Q(tax_rate__gte=0, tax_rate__lte=100),
                name="tax_rate_is_a_percentage",
            ),
        )

    def __str__(self) -> str:
        return f"billing of {self.tenant_id}"
