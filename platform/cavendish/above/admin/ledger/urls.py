from __future__ import annotations

from django.urls import path

from cavendish.above.admin.ledger import views

urlpatterns = [path("", views.ledger, name="ledger")]
