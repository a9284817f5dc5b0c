from __future__ import annotations

from django.urls import path

from cavendish.above.admin.batches import views

urlpatterns = [path("", views.batches, name="batches"), path("<str:batch_id>/", views.batch, name="batch")]
