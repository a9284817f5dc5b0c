from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html

from billing.admin_base import ServiceModelAdmin, ServiceModelForm
from billing.credit_notes.services import credit_note_issue
from billing.invoices.admin import invoice_named, pdf_inline
from billing.invoices.documents import credit_note_document
from billing.models import CreditNote


class CreditNoteForm(ServiceModelForm):
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
class CreditNoteAdmin(ServiceModelAdmin):
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
        return pdf_inline(credit_note_document(note).storage_key, note.number)
