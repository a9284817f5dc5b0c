from __future__ import annotations

from django.urls import path

from cavendish.above.admin.search import views

urlpatterns = [path("", views.search, name="search")]
