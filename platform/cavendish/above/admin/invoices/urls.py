from __future__ import annotations

from django.urls import path

from cavendish.above.admin.invoices import views

urlpatterns = [
    path("", views.invoices, name="invoices"),
    path("csv", views.invoices_csv, name="invoices_csv"),
    path("draft/", views.draft, name="invoice_draft"),
    path("payments/", views.payments, name="payments"),
    path("payments/csv", views.payments_csv, name="payments_csv"),
    path("credit-notes/", views.credit_notes, name="credit_notes"),
    path("credit-notes/<str:note_id>/", views.credit_note, name="credit_note"),
    path("credit-notes/<str:note_id>/pdf", views.credit_note_file, name="credit_note_pdf"),
    path("credit-notes/<str:note_id>/xml", views.credit_note_xml_file, name="credit_note_xml"),
    path("receipts/", views.receipts, name="receipts"),
    path("receipts/<str:receipt_id>/pdf", views.receipt_file, name="receipt_pdf"),
    path("rates/", views.rates, name="exchange_rates"),
    path("rates/new/", views.rate_new, name="exchange_rate_new"),
    path("companies/", views.companies, name="companies"),
    path("companies/new/", views.company_new, name="company_new"),
    path("companies/<str:entity_id>/", views.company_change, name="company_change"),
    path("running/<str:tenant_id>/", views.running, name="invoice_running"),
    path("<str:invoice_id>/", views.invoice, name="invoice"),
    path("<str:invoice_id>/pdf", views.invoice_file, name="invoice_pdf"),
    path("<str:invoice_id>/xml", views.invoice_xml_file, name="invoice_xml"),
    path("<str:invoice_id>/cancellation", views.cancellation_file, name="invoice_cancellation"),
    path("<str:invoice_id>/csv", views.invoice_lines_csv, name="invoice_csv"),
    path("<str:invoice_id>/lines/<int:number>/", views.line, name="invoice_line"),
    path("<str:invoice_id>/payments/<str:payment_id>/reverse/", views.payment_reverse, name="payment_reverse"),
    path("<str:invoice_id>/<slug:act>/", views.invoice_act, name="invoice_act"),
]
