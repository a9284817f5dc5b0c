from __future__ import annotations

from django.urls import path

from cavendish.above.console.jobs.views import jobs

urlpatterns = [path("", jobs, name="jobs")]
