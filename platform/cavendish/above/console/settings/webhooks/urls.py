from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.webhooks import views

urlpatterns = [
    path("", views.webhooks, name="webhooks"),
    path("new/", views.webhook_new, name="webhook_new"),
    path("signing-secret/", views.job_secret_show, name="job_secret_show"),
    path("signing-secret/rotate/", views.job_secret_rotate, name="job_secret_rotate"),
    path("<str:endpoint_id>/", views.webhook, name="webhook"),
    path("<str:endpoint_id>/change/", views.webhook_change, name="webhook_change"),
    path("<str:endpoint_id>/test/", views.webhook_test, name="webhook_test"),
    path("<str:endpoint_id>/rotate/", views.webhook_rotate, name="webhook_rotate"),
    path("<str:endpoint_id>/disable/", views.webhook_disable, name="webhook_disable"),
    path("<str:endpoint_id>/enable/", views.webhook_enable, name="webhook_enable"),
    path("<str:endpoint_id>/resend/", views.webhook_resend, name="webhook_resend"),
    path("<str:endpoint_id>/delete/", views.webhook_delete, name="webhook_delete"),
    path("<str:endpoint_id>/deliveries/<str:delivery_id>/", views.webhook_delivery, name="webhook_delivery"),
    path("<str:endpoint_id>/deliveries/<str:delivery_id>/resend/", views.delivery_resend, name="delivery_resend"),
]
