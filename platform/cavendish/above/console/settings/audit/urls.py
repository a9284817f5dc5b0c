from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.audit import views

urlpatterns = [
    path("", views.audit, name="audit"),
    path("csv/", views.audit_csv, name="audit_csv"),
    path("<str:event_id>/", views.audit_event, name="audit_event"),
]
