from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.wallets import Credit
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class LedgerTransaction(TenantModel):
    """A balanced group of entries: what happened, to which object, why and by whom. Append only."""

    class Kind(models.TextChoices):
        TOP_UP = "top_up", "Top-up"
        REVERSAL = "reversal", "Reversed"
        PAYOUT = "payout", "Paid out"
        CHARGE = "charge", "Charge"
        ADJUSTMENT = "adjustment", "Adjustment"
        REFUND = "refund", "Refund"
        CREDIT = "credit", "Credit given"
        EXPIRY = "expiry", "Credit expired"
        INVOICE = "invoice", "Invoice"
        PAYMENT = "payment", "Payment"
        SETTLEMENT = "settlement", "Paid from the balance"
        CREDIT_NOTE = "credit_note", "Credit note"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()
    kind = models.CharField(max_length=12, choices=Kind)
    generation_id = models.UUIDField(null=True)
    invoice_id = models.UUIDField(null=True, help_text="Of what belongs to an invoice: its payments, its credit notes.")
    reason = models.CharField(max_length=300, blank=True)
    reference = models.CharField(
        max_length=100,
        blank=True,
        db_default="",
        default="",
        help_text="Of the bank or the receipt: books a top-up once.",
    )
    reverses_id = models.UUIDField(null=True, help_text="The top-up that a reversal takes back, or a part of.")
    kept = models.DecimalField(
        max_digits=21,
        decimal_places=20,
        null=True,
        help_text="Of a refund: how much of its charge is left, from 1 to 0, where credit notes count too.",
    )
    actor = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["generation_id"], name="ledger_charge_once", condition=models.Q(kind="charge")
            ),
            models.UniqueConstraint(
                fields=["tenant", "livemode", "reference"],
                name="ledger_reference_once",
                condition=models.Q(kind="top_up") & ~models.Q(reference=""),
            ),
        )
        indexes = (
            # what an invoice shows beside usage; few among millions of charges
            models.Index(
                fields=["tenant", "at"],
                name="ledger_corrections",
                condition=models.Q(kind__in=["adjustment", "refund"]),
            ),
            models.Index(fields=["invoice_id"], name="ledger_of_invoice", condition=models.Q(invoice_id__isnull=False)),
            models.Index(
                fields=["reverses_id"], name="ledger_reversals", condition=models.Q(reverses_id__isnull=False)
            ),
            # the operator's look through the ledger by kind; few among millions of charges
            models.Index(fields=["kind", "id"], name="ledger_movements", condition=~models.Q(kind="charge")),
            # the operator's search
            models.Index(fields=["reference"], name="ledger_references", condition=~models.Q(reference="")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class LedgerEntry(TenantModel):
    """One side of a transaction. Amounts of one transaction sum to zero; the wallet's entries sum to its balance."""

    class Account(models.TextChoices):
        WALLET = "wallet", "Wallet"
        REVENUE = "revenue", "Revenue"
        FUNDING = "funding", "Funding"
        ADJUSTMENTS = "adjustments", "Adjustments"
        REFUNDS = "refunds", "Refunds"
        PROMOTIONS = "promotions", "Promotions"
        TAX = "tax", "Tax"
        ROUNDING = "rounding", "Rounding"
        RECEIVABLE = "receivable", "Receivable"

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    account = models.CharField(max_length=12, choices=Account)
    credit = models.ForeignKey(
        Credit,
        null=True,
        on_delete=models.PROTECT,
        related_name="entries",
        db_constraint=False,
        db_index=False,
        help_text="On the wallet: the credit that this gives, spends or takes away.",
    )
    livemode = models.BooleanField()
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "livemode", "account", "id"], name="entries_of_account"),
            models.Index(fields=["credit"], name="entries_of_credit", condition=models.Q(credit__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"
