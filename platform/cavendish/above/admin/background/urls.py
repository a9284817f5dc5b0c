from __future__ import annotations

from django.urls import path

from cavendish.above.admin.background import views

urlpatterns = [
    path("", views.background, name="background"),
    path("<str:queue>/<str:letter_id>/run-again/", views.run_again, name="dead_letter_run_again"),
]
