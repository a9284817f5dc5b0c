from __future__ import annotations

from django.urls import path

from cavendish.above.admin.storage import views

urlpatterns = [
    path("", views.storage, name="storage"),
    path("legal-holds/", views.holds, name="legal_holds"),
    path("legal-holds/new/", views.hold_new, name="legal_hold_new"),
    path("legal-holds/<str:hold_id>/release/", views.hold_release, name="legal_hold_release"),
]
