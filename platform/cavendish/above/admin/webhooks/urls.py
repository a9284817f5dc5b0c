from __future__ import annotations

from django.urls import path

from cavendish.above.admin.webhooks import views

urlpatterns = [
    path("", views.webhooks, name="webhooks"),
    path("<str:endpoint_id>/", views.webhook_endpoint, name="webhook_endpoint"),
]
