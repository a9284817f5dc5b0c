from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from accounts.models import Tenant
from billing.admin_base import ServiceModelAdmin, ServiceModelForm
from billing.currencies import is_currency
from billing.models import BillingProfile, LegalEntity
from billing.parties.services import billing_profile_update, legal_entity_create, legal_entity_update, logo_check


class LegalEntityForm(ServiceModelForm):
    picture = forms.FileField(required=False, help_text="PNG or JPEG of at most 100 kB, for the head of the PDF.")

    class Meta:
        model = LegalEntity
        fields = (
            "name", "address", "tax_id", "email", "currency", "bank_details", "footer", "invoice_prefix",
            "credit_note_prefix", "number_digits", "is_default",
        )  # fmt: skip

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"])
        if not is_currency(currency):
            raise ValidationError("This is no currency of ISO 4217, like EUR.")
        return currency

    def clean_number_digits(self) -> int:
        digits = int(self.cleaned_data["number_digits"])
        if not 1 <= digits <= 12:
            raise ValidationError("Use 1 to 12.")
        return digits

    def write(self, values: dict[str, Any]) -> LegalEntity:
        picture = values.pop("picture", None)
        fields = {**values, "logo": logo_check(picture.read())} if picture else dict(values)
        if self.instance._state.adding:
            return legal_entity_create(actor=self.actor, **fields)
        entity = legal_entity_update(legal_entity_id=self.instance.id, actor=self.actor, **fields)
        assert entity is not None
        return entity


@admin.register(LegalEntity)
class LegalEntityAdmin(ServiceModelAdmin):
    form = LegalEntityForm
    list_display = ("name", "is_default", "currency", "invoices_issued", "credit_notes_issued")


class BillingProfileForm(ServiceModelForm):
    slug = forms.SlugField(required=False, help_text="The tenant's, for a new profile.")

    class Meta:
        model = BillingProfile
        fields = (
            "name", "address", "tax_id", "reference", "emails", "legal_entity", "tax_rate", "tax_label",
            "tax_note", "payment_terms_days", "send_by_email", "invoiced",
        )  # fmt: skip

    def write(self, values: dict[str, Any]) -> BillingProfile:
        slug = values.pop("slug", "")
        tenant_id = self.instance.tenant_id
        if self.instance._state.adding:
            tenant = Tenant.objects.filter(slug=slug).first()
            if tenant is None:
                raise ValueError("There is no tenant with this slug.")
            tenant_id = tenant.id
        return billing_profile_update(tenant_id=tenant_id, actor=self.actor, **values)


@admin.register(BillingProfile)
class BillingProfileAdmin(ServiceModelAdmin):
    form = BillingProfileForm
    list_display = ("tenant", "name", "tax_id", "tax_rate", "payment_terms_days", "invoiced")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "name")
