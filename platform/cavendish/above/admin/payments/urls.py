from __future__ import annotations

from django.urls import path

from cavendish.above.admin.payments import views

urlpatterns = [
    path("", views.payments, name="provider_payments"),
    path("events/", views.events, name="provider_events"),
    path("events/<str:event_id>/retry/", views.event_retry, name="provider_event_retry"),
    path("events/<str:event_id>/set-aside/", views.event_set_aside, name="provider_event_set_aside"),
    path("<str:payment_id>/", views.payment, name="provider_payment"),
    path("<str:payment_id>/says/", views.payment_says, name="provider_payment_says"),
    path("<str:payment_id>/retry/", views.payment_retry, name="provider_payment_retry"),
    path("<str:payment_id>/set-aside/", views.payment_set_aside, name="provider_payment_set_aside"),
]
