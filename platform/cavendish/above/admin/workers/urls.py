from __future__ import annotations

from django.urls import path

from cavendish.above.admin.workers import views

urlpatterns = [
    path("", views.workers, name="workers"),
    path("upstream-keys/", views.upstream_keys, name="upstream_keys"),
]
