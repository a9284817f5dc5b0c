from __future__ import annotations

from django.urls import path

from cavendish.above.admin.charges import views

urlpatterns = [path("", views.charges, name="charges")]
