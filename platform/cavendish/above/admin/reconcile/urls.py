from __future__ import annotations

from django.urls import path

from cavendish.above.admin.reconcile import views

urlpatterns = [
    path("", views.reconcile, name="reconcile"),
    path("now/", views.now, name="reconcile_now"),
    path("<uuid:run_id>/", views.run, name="reconcile_run"),
]
