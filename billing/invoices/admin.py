from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html

from accounts.admin_base import ReadOnly, operator_actor
from accounts.roles.operators import OperatorPermission
from billing.invoices.documents import invoice_document
from billing.invoices.mails import file_name, invoice_send
from billing.invoices.services import invoice_finalise
from billing.models import Invoice, InvoiceLine
from cavendish.db import ids
from cavendish.http.problems import Refusal
from cavendish.storage import objects


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
    takes = OperatorPermission.MONEY
    list_display = (
        "__str__", "tenant", "month", "status", "total", "currency", "amount_due", "due_on", "finalised_at", "pdf",
    )  # fmt: skip
    list_filter = ("status", "month", "legal_entity")
    list_select_related = ("tenant",)
    search_fields = ("number", "tenant__slug", "tenant__name")
    ordering = ("-id",)
    inlines = (LineInline,)
    actions = ("finalise", "send")

    @admin.action(description="Finalise now", permissions=["operate"])
    def finalise(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> None:
        actor = operator_actor(request)
        self._each(request, chosen, lambda invoice: invoice_finalise(invoice_id=invoice.id, actor=actor), "finalised")

    @admin.action(description="Send the PDF again", permissions=["operate"])
    def send(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> None:
        issued = chosen.exclude(number=None)
        self._each(
            request, issued, lambda invoice: invoice_send(invoice=invoice, document=invoice_document(invoice)), "sent"
        )

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
        return pdf_inline(invoice_document(invoice).storage_key, invoice.number or "")


def invoice_named(text: str) -> Invoice:
    """Returns an invoice by its number, or by its id where two companies gave the same number. Raises ValueError."""
    invoice_id = ids.decode(ids.INVOICE, text)
    rows = Invoice.objects.filter(id=invoice_id) if invoice_id else Invoice.objects.filter(number=text)
    invoices: list[Invoice] = list(rows)
    if len(invoices) != 1:
        raise ValueError("Several companies gave this number: use the id." if invoices else "There is no such invoice.")
    return invoices[0]


def pdf_inline(storage_key: str, number: str) -> HttpResponse:
    """Returns a kept PDF, to be shown in the browser."""
    return HttpResponse(
        b"".join(objects().read(storage_key)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{file_name(number)}"'},
    )
