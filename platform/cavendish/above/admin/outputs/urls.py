from __future__ import annotations

from django.urls import path

from cavendish.above.admin.outputs import views

urlpatterns = [path("", views.outputs, name="outputs"), path("<str:output_id>/", views.output, name="output")]
