from __future__ import annotations

from django.urls import path

from billing.credit_notes.api import CreditNoteDetail, CreditNoteList, CreditNotePdf
from billing.credit_notes.operator_api import InvoiceCreditNotes
from billing.invoices.api import (
    InvoiceCsv,
    InvoiceDetail,
    InvoiceLineGenerations,
    InvoiceList,
    InvoicePdf,
    InvoicePreview,
)
from billing.invoices.operator_api import InvoiceFinalise, InvoiceSend, InvoiceVoid, TenantInvoices
from billing.parties.api import LegalEntityDetail, LegalEntityList, OwnBillingProfile, TenantBillingProfile
from billing.payments.operator_api import InvoicePayments

urlpatterns = [
    path("invoices", InvoiceList.as_view()),
    path("invoices/preview", InvoicePreview.as_view()),
    path("invoices/<str:invoice_id>.pdf", InvoicePdf.as_view()),
    path("invoices/<str:invoice_id>.csv", InvoiceCsv.as_view()),
    path("invoices/<str:invoice_id>", InvoiceDetail.as_view()),
    path("invoices/<str:invoice_id>/lines/<str:line>/generations", InvoiceLineGenerations.as_view()),
    path("invoices/<str:invoice_id>/finalise", InvoiceFinalise.as_view()),
    path("invoices/<str:invoice_id>/void", InvoiceVoid.as_view()),
    path("invoices/<str:invoice_id>/payments", InvoicePayments.as_view()),
    path("invoices/<str:invoice_id>/credit-notes", InvoiceCreditNotes.as_view()),
    path("invoices/<str:invoice_id>/send", InvoiceSend.as_view()),
    path("tenants/<str:tenant_id>/invoices", TenantInvoices.as_view()),
    path("credit-notes", CreditNoteList.as_view()),
    path("credit-notes/<str:credit_note_id>.pdf", CreditNotePdf.as_view()),
    path("credit-notes/<str:credit_note_id>", CreditNoteDetail.as_view()),
    path("billing-profile", OwnBillingProfile.as_view()),
    path("tenants/<str:tenant_id>/billing-profile", TenantBillingProfile.as_view()),
    path("legal-entities", LegalEntityList.as_view()),
    path("legal-entities/<str:legal_entity_id>", LegalEntityDetail.as_view()),
]
