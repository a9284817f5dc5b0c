"""Invoices in the admin. Each change goes through its service; what that refuses stands beside the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html

from accounts.actor import Actor
from accounts.admin_base import Base, ReadOnly
from accounts.authentication.people import person_actor
from accounts.models import Tenant, User
from billing.credit_notes.services import credit_note_issue
from billing.currencies import is_currency
from billing.invoices.documents import credit_note_document, invoice_document
from billing.invoices.mails import file_name, invoice_send
from billing.invoices.services import invoice_finalise
from billing.models import BillingProfile, CreditNote, Invoice, InvoiceLine, LegalEntity, Payment
from billing.parties.services import billing_profile_update, legal_entity_create, legal_entity_update, logo_check
from billing.payments import payment_record
from cavendish.db import ids
from cavendish.http.problems import Refusal
from cavendish.storage import objects


def actor_of(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return person_actor(request, request.user)


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Calls its service at the end of a clean check, so that a refusal is an error of the form."""

    actor: Actor

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.instance = self.write(values)
            except (Refusal, ValueError) as refusal:
                raise ValidationError(str(refusal)) from None
        return values

    def _post_clean(self) -> None:
        """The service has written the row; Django's own check of it comes too late."""

    def write(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError


class ServiceAdmin(Base):
    """Saves by the form's service alone."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        return type(form.__name__, (form,), {"actor": actor_of(request)})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saved by the form's service."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the row."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LegalEntityForm(ServiceForm):
    picture = forms.FileField(required=False, help_text="PNG or JPEG of at most 100 kB, for the head of the paper.")

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
        changed = legal_entity_update(legal_entity_id=self.instance.id, actor=self.actor, **fields)
        assert changed is not None
        return changed


@admin.register(LegalEntity)
class LegalEntityAdmin(ServiceAdmin):
    form = LegalEntityForm
    list_display = ("name", "is_default", "currency", "invoices_issued", "credit_notes_issued")


class BillingProfileForm(ServiceForm):
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
class BillingProfileAdmin(ServiceAdmin):
    form = BillingProfileForm
    list_display = ("tenant", "name", "tax_id", "tax_rate", "payment_terms_days", "invoiced")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "name")


def invoice_named(text: str) -> Invoice:
    """By its number, or by its id where two companies gave the same number. Raises ValueError."""
    wanted = ids.decode(ids.INVOICE, text)
    found: list[Invoice] = list(Invoice.objects.filter(id=wanted) if wanted else Invoice.objects.filter(number=text))
    if len(found) != 1:
        raise ValueError("Several companies gave this number: use the id." if found else "There is no such invoice.")
    return found[0]


class PaymentForm(ServiceForm):
    number = forms.CharField(label="Invoice", help_text="Its number, or its id (inv_…).")
    field_order = ("number",)

    class Meta:
        model = Payment
        fields = ("amount", "received_on", "reference")

    def write(self, values: dict[str, Any]) -> Payment:
        invoice = invoice_named(values.pop("number"))
        return payment_record(invoice_id=invoice.id, actor=self.actor, **values)


@admin.register(Payment)
class PaymentAdmin(ServiceAdmin):
    """Recorded once; a wrong one is corrected in the ledger."""

    form = PaymentForm
    list_display = ("invoice", "tenant", "amount", "currency", "received_on", "method", "reference", "actor")
    list_select_related = ("invoice", "tenant")
    search_fields = ("reference", "invoice__number", "tenant__slug")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CreditNoteForm(ServiceForm):
    number = forms.CharField(label="Invoice", help_text="Its number, or its id (inv_…).")
    line = forms.IntegerField(required=False, min_value=1, help_text="Empty for all that is left of the invoice.")
    amount = forms.DecimalField(required=False, help_text="Of that line, before tax.")

    class Meta:
        model = CreditNote
        fields = ("reason",)

    def write(self, values: dict[str, Any]) -> CreditNote:
        line, amount = values.get("line"), values.get("amount")
        if (line is None) != (amount is None):
            raise ValueError("Name a line and its amount, or neither.")
        lines = {line: amount} if line is not None and amount is not None else None
        invoice = invoice_named(values["number"])
        return credit_note_issue(invoice_id=invoice.id, reason=values["reason"], lines=lines, actor=self.actor)


@admin.register(CreditNote)
class CreditNoteAdmin(ServiceAdmin):
    form = CreditNoteForm
    list_display = ("number", "tenant", "invoice", "total", "to_due", "to_balance", "issued_on", "reason", "pdf")
    list_select_related = ("invoice", "tenant")
    search_fields = ("number", "invoice__number", "tenant__slug")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        own = path("<uuid:pk>/pdf", self.admin_site.admin_view(self.pdf_view), name="billing_creditnote_pdf")
        return [own, *super().get_urls()]

    @admin.display(description="PDF")
    def pdf(self, note: CreditNote) -> str:
        return format_html('<a href="{}">PDF</a>', reverse("admin:billing_creditnote_pdf", args=[note.id]))

    def pdf_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        note = get_object_or_404(CreditNote.objects.select_related("invoice"), id=pk)
        return _pdf(credit_note_document(note).storage_key, note.number)


class LineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = InvoiceLine
    extra = 0
    can_delete = False
    fields = ("number", "type", "model", "image_size", "kind", "description", "images", "quantity", "exact", "amount")
    readonly_fields = fields
    ordering = ("number",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    list_display = (
        "__str__", "tenant", "month", "status", "total", "currency", "amount_due", "due_on", "finalised_at", "pdf",
    )  # fmt: skip
    list_filter = ("status", "month", "legal_entity")
    list_select_related = ("tenant",)
    search_fields = ("number", "tenant__slug", "tenant__name")
    ordering = ("-id",)
    inlines = (LineInline,)
    actions = ("finalise", "send")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    @admin.action(description="Finalise now", permissions=["operate"])
    def finalise(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> None:
        self._each(request, chosen, lambda it: invoice_finalise(invoice_id=it.id, actor=actor_of(request)), "finalised")

    @admin.action(description="Send the PDF again", permissions=["operate"])
    def send(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> None:
        issued = chosen.exclude(number=None)
        self._each(request, issued, lambda it: invoice_send(invoice=it, document=invoice_document(it)), "sent")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Invoice], change: Callable[[Invoice], Any], done: str
    ) -> None:
        count = 0
        for invoice in chosen:
            try:
                count += bool(change(invoice))
            except Refusal as refusal:
                self.message_user(request, f"{invoice.tenant}, {invoice}: {refusal}", messages.WARNING)
        self.message_user(request, f"{count} of {len(chosen)} invoices {done}.")

    def get_urls(self) -> list[Any]:
        own = path("<uuid:pk>/pdf", self.admin_site.admin_view(self.pdf_view), name="billing_invoice_pdf")
        return [own, *super().get_urls()]

    @admin.display(description="PDF")
    def pdf(self, invoice: Invoice) -> str:
        if invoice.number is None:
            return ""
        return format_html('<a href="{}">PDF</a>', reverse("admin:billing_invoice_pdf", args=[invoice.id]))

    def pdf_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        invoice = get_object_or_404(Invoice.objects.exclude(number=None), id=pk)
        return _pdf(invoice_document(invoice).storage_key, invoice.number or "")


def _pdf(storage_key: str, number: str) -> HttpResponse:
    return HttpResponse(
        b"".join(objects().read(storage_key)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{file_name(number)}"'},
    )
