from __future__ import annotations

from django.urls import path

from cavendish.above.admin.jobs import views

urlpatterns = [path("", views.jobs, name="jobs"), path("<str:generation_id>/", views.job, name="job")]
