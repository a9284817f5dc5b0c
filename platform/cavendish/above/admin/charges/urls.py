from __future__ import annotations

from django.urls import path

from cavendish.above.admin.charges import views

urlpatterns = [
    path("", views.charges, name="charges"),
    path("<str:generation_id>/<slug:act>/", views.charge_act, name="charge_act"),
]
