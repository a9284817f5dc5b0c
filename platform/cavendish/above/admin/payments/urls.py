from __future__ import annotations

from django.urls import path

from cavendish.above.admin.payments import views

urlpatterns = [
    path("", views.payments, name="provider_payments"),
    path("events/", views.events, name="provider_events"),
]
