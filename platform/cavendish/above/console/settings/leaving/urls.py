from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.leaving import views

urlpatterns = [
    path("", views.leaving, name="leaving"),
    path("export/", views.export_start, name="export_start"),
    path("exports/<str:export_id>/download/", views.export_download, name="export_download"),
    path("exports/<str:export_id>/delete/", views.export_delete, name="export_delete"),
    path("close/", views.tenant_close, name="tenant_close"),
    path("keep/", views.tenant_keep, name="tenant_keep"),
]
