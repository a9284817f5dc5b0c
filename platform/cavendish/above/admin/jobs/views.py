"""Jobs: the list, and one job's page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.admin.jobs.lists import JOBS
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui.lists import list_page
from cavendish.db import ids
from generations.models import Generation


@operator_page(section="jobs")
def jobs(request: HttpRequest) -> HttpResponse:
    return list_page(request, JOBS)


@operator_page(section="jobs")
def job(request: HttpRequest, generation_id: str) -> HttpResponse:
    value = ids.decode(ids.GENERATION, generation_id)
    row = Generation.objects.filter(id=value).first() if value else None
    if row is None:
        raise Http404
    return render(request, "admin/jobs/job.html", {"job": row})
