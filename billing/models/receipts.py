from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from billing.models.entities import LegalEntity
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Receipt(TenantModel):
    """Says that a top-up came in. Append only, with a series of numbers of its own. It is no invoice and has no tax."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=40, blank=True, help_text="Empty where numbers never restart.")
    series_number = models.BigIntegerField()
    number = models.CharField(max_length=64)
    ledger_transaction_id = models.UUIDField(unique=True, help_text="The top-up.")
    amount = models.DecimalField(max_digits=20, decimal_places=9)
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=200, blank=True, help_text="Of the bank, or the provider's id.")
    received_at = models.DateTimeField(help_text="When the top-up was booked.")
    issued_on = models.DateField()
    issuer = models.JSONField()
    customer = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["tenant", "id"], name="receipts_of_tenant"),)
        constraints = (
            models.UniqueConstraint(fields=["legal_entity", "series", "series_number"], name="receipt_series_once"),
            models.UniqueConstraint(fields=["legal_entity", "number"], name="receipt_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="receipt_positive"),
        )

    def __str__(self) -> str:
        return self.number


class ExchangeRate(models.Model):
    """What one of `currency` is in `tax_currency` from a day on. An invoice keeps the rate that it was issued with."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    currency = models.CharField(max_length=3)
    tax_currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=9)
    valid_from = models.DateField()
    source = models.CharField(max_length=100, blank=True, help_text='For example "ECB".')
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["currency", "tax_currency", "valid_from"], name="exchange_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
        )

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.tax_currency} from {self.valid_from}"
