from __future__ import annotations

from django.urls import path

from cavendish.above.admin.models import views

urlpatterns = [
    path("", views.models, name="models"),
    path("<str:model_id>/", views.model, name="model"),
]
