from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from billing.admin_base import ServiceModelAdmin, ServiceModelForm
from billing.invoices.admin import invoice_named
from billing.models import Payment
from billing.payments import payment_record


class PaymentForm(ServiceModelForm):
    number = forms.CharField(label="Invoice", help_text="Its number, or its id (inv_…).")
    field_order = ("number",)

    class Meta:
        model = Payment
        fields = ("amount", "received_on", "reference")

    def write(self, values: dict[str, Any]) -> Payment:
        invoice = invoice_named(values.pop("number"))
        return payment_record(invoice_id=invoice.id, actor=self.actor, **values)


@admin.register(Payment)
class PaymentAdmin(ServiceModelAdmin):
    """A payment is recorded once; a wrong one is corrected in the ledger."""

    form = PaymentForm
    list_display = ("invoice", "tenant", "amount", "currency", "received_on", "method", "reference", "actor")
    list_select_related = ("invoice", "tenant")
    search_fields = ("reference", "invoice__number", "tenant__slug")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
