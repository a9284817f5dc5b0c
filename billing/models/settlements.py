from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.entities import LegalEntity
from billing.models.invoices import Invoice, InvoiceLine
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Payment(TenantModel):
    """Money that came in for an invoice, whoever recorded it. Append only: a wrong one is reversed by another row.

    `method` is "manual", "balance", or the name of a payment provider's module; `reference` its id of the payment,
    unique there, so that a repeated notice books nothing twice. `amount` is what it pays of the invoice, `overpaid`
    what came beyond that and went into the balance. A reversal names the payment and has its amount, negative.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments", db_constraint=False)
    method = models.CharField(max_length=32, default="manual")
    reference = models.CharField(max_length=200, help_text="Of the bank statement, or the provider's id.")
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    received_on = models.DateField()
    overpaid = models.DecimalField(max_digits=20, decimal_places=9, default=0, db_default=0)
    overpayment_id = models.UUIDField(null=True, help_text="The ledger's transaction with what was overpaid.")
    reverses_id = models.UUIDField(null=True, help_text="The payment that this takes back.")
    reason = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="Of a reversal.")
    actor = models.CharField(max_length=300)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        # the operator's search
        indexes = (models.Index(fields=["reference"], name="payments_references"),)
        constraints = (
            models.UniqueConstraint(
                fields=["reverses_id"], name="payment_reversed_once", condition=Q(reverses_id__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["method", "reference"], name="provider_payment_once", condition=~Q(method="manual")
            ),
            models.CheckConstraint(
                condition=Q(reverses_id__isnull=True, amount__gte=0, overpaid__gte=0, amount__gt=-F("overpaid"))
                | Q(reverses_id__isnull=False, amount__lte=0, overpaid=0),
                name="payment_or_reversal",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.invoice_id}"


class CreditNote(TenantModel):
    """Takes back an invoice, whole or by lines. Append only, with a gapless series of its own.

    `to_due` lowers what is still to be paid on the invoice, `to_balance` goes back into the tenant's wallet.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes", db_constraint=False)
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=40, blank=True, db_default="", help_text="Empty where numbers never restart.")
    series_number = models.BigIntegerField()
    number = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    net = models.DecimalField(max_digits=20, decimal_places=9)
    tax = models.DecimalField(max_digits=20, decimal_places=9)
    total = models.DecimalField(max_digits=20, decimal_places=9)
    to_due = models.DecimalField(max_digits=20, decimal_places=9)
    to_balance = models.DecimalField(max_digits=20, decimal_places=9)
    issued_on = models.DateField()
    issuer = models.JSONField()
    customer = models.JSONField()
    actor = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())
    seal = models.UUIDField(null=True, editable=False, help_text="Of what was written once; set by a trigger.")

    class Meta:
        indexes = (models.Index(fields=["tenant", "id"], name="credit_notes_of_tenant"),)
        constraints = (
            models.UniqueConstraint(
                fields=["legal_entity", "series", "series_number"], name="credit_note_number_of_series"
            ),
            models.UniqueConstraint(fields=["legal_entity", "number"], name="credit_note_number_text_once"),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax")) & Q(total=F("to_due") + F("to_balance")),
                name="credit_note_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(total__gt=0, to_due__gte=0, to_balance__gte=0), name="credit_note_positive"
            ),
        )

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(TenantModel):
    """How much of an invoice's line a credit note takes back, in the minor unit."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines", db_constraint=False)
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    kept = models.DecimalField(
        max_digits=21,
        decimal_places=20,
        null=True,
        help_text="How much of the line credit notes have left, from 1 to 0, with this one.",
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["credit_note", "invoice_line"], name="credit_note_line_once"),)

    def __str__(self) -> str:
        return f"{self.amount} of line {self.invoice_line_id}"
