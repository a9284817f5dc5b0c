from __future__ import annotations

from django.urls import path

from cavendish.above.admin.invoices import views

urlpatterns = [
    path("", views.invoices, name="invoices"),
    path("<str:invoice_id>/", views.invoice, name="invoice"),
]
