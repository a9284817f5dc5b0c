from __future__ import annotations

from django.urls import path

from cavendish.above.console.jobs import views

urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("rows", views.rows, name="job_rows"),
    path("<str:generation_id>/", views.job, name="job"),
    path("<str:generation_id>/live", views.job_live, name="job_live"),
    path("<str:generation_id>/resend/<str:delivery_id>/", views.job_resend, name="job_resend"),
    path("<str:generation_id>/<slug:act>/", views.job_act, name="job_act"),
]
