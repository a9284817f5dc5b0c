"""Billing: wallet, invoices, statements, prices, plan."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.billing import invoice_views, payment_views, plan_views, views

urlpatterns = [
    path("", views.billing, name="billing"),
    path("top-up/", views.top_up, name="top_up"),
    path("top-up/pay/", payment_views.top_up_pay, name="top_up_pay"),
    path("auto-top-up/", payment_views.auto_top_up, name="auto_top_up"),
    path("payments/", payment_views.payments, name="payments"),
    path("payment-methods/", payment_views.payment_methods, name="payment_methods"),
    path("payment-methods/new/", payment_views.payment_method_new, name="payment_method_new"),
    path("payment-methods/<str:method_id>/<slug:act>/", payment_views.payment_method_act, name="payment_method_act"),
    path("details/", views.details, name="billing_details"),
    path("low-balance/", views.low_balance, name="low_balance"),
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/csv", views.ledger_csv, name="ledger_csv"),
    path("statement/", views.statement, name="statement"),
    path("statement/csv", views.statement_csv, name="statement_csv"),
    path("invoices/", invoice_views.invoices, name="invoices"),
    path("invoices/csv", invoice_views.invoices_csv, name="invoices_csv"),
    path("invoices/preview/", invoice_views.preview, name="invoice_preview"),
    path("invoices/<str:invoice_id>/", invoice_views.invoice, name="invoice"),
    path("invoices/<str:invoice_id>/pdf", invoice_views.invoice_pdf, name="invoice_pdf"),
    path("invoices/<str:invoice_id>/xml", invoice_views.invoice_xml_file, name="invoice_xml"),
    path("invoices/<str:invoice_id>/cancellation", invoice_views.cancellation, name="invoice_cancellation"),
    path("invoices/<str:invoice_id>/csv", invoice_views.invoice_csv, name="invoice_csv"),
    path("invoices/<str:invoice_id>/lines/<int:number>/", invoice_views.line, name="invoice_line"),
    path("receipts/", invoice_views.receipts, name="receipts"),
    path("receipts/<str:receipt_id>/pdf", invoice_views.receipt_pdf, name="receipt_pdf"),
    path("credit-notes/", invoice_views.credit_notes, name="credit_notes"),
    path("credit-notes/<str:note_id>/", invoice_views.credit_note, name="credit_note"),
    path("credit-notes/<str:note_id>/pdf", invoice_views.credit_note_pdf, name="credit_note_pdf"),
    path("credit-notes/<str:note_id>/xml", invoice_views.credit_note_xml_file, name="credit_note_xml"),
    path("plan/", plan_views.plan, name="plan"),
    path("plan/prices.csv", plan_views.prices_csv, name="prices_csv"),
]
