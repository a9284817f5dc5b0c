from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.data import views

urlpatterns = [
    path("", views.data, name="data"),
    path("storage/", views.storage_kinds, name="storage_kinds"),
    path("outputs/", views.keep_outputs, name="keep_outputs"),
    path("inputs/", views.keep_inputs, name="keep_inputs"),
]
