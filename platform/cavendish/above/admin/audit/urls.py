from __future__ import annotations

from django.urls import path

from cavendish.above.admin.audit import views

urlpatterns = [path("", views.audit, name="audit"), path("<str:event_id>/", views.audit_event, name="audit_event")]
