"""The pages of jobs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace


@console_page(Permission.READ, section="jobs")
def jobs(request: HttpRequest, work: Workplace) -> HttpResponse:
    return render(request, "console/jobs/jobs.html")
