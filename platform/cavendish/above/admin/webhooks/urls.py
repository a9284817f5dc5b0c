from __future__ import annotations

from django.urls import path

from cavendish.above.admin.webhooks import views

urlpatterns = [
    path("", views.webhooks, name="webhooks"),
    path("<str:endpoint_id>/", views.webhook_endpoint, name="webhook_endpoint"),
    path("<str:endpoint_id>/resend-failed/", views.resend_failed, name="webhook_resend_failed"),
    path("<str:endpoint_id>/<str:delivery_id>/", views.webhook_delivery, name="webhook_delivery"),
    path("<str:endpoint_id>/<str:delivery_id>/resend/", views.resend, name="webhook_resend"),
]
