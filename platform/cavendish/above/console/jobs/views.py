"""Jobs: the list with its live rows, one job's page, and the acts on it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.roles.permissions import Permission
from cavendish.above.console.jobs.acts import ACTS, ResendWithSameId
from cavendish.above.console.jobs.lists import Loaded, jobs_list, jobs_of
from cavendish.above.console.jobs.page import JobPage, job_page, page_context
from cavendish.above.console.jobs.rows import rows_of
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.lists import PAGE, list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.db import ids


@console_page(Permission.READ, section="jobs")
def jobs(request: HttpRequest, work: Workplace) -> HttpResponse:
    loaded = Loaded()
    with work.reading():
        table = jobs_list(work, loaded, key=request.GET.get("key_id", ""))
        return list_page(request, table, template="console/jobs/jobs.html", context={"loaded": loaded})


@console_page(Permission.READ, section="jobs")
def rows(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The rows that were not finished when they were shown last, as they are now."""
    asked = [ids.decode(ids.GENERATION, text) for text in request.GET.getlist("id")[:PAGE]]
    with work.reading():
        found = rows_of(list(jobs_of(work).filter(id__in=[one for one in asked if one]).order_by("-id")))
    return render(request, "console/jobs/rows.html", {"rows": found, "poll": [row for row in found if row.is_active]})


@console_page(Permission.READ, section="jobs")
def job(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    return render(request, "console/jobs/job.html", page_context(work, _page_of(work, generation_id)))


@console_page(Permission.READ, section="jobs")
def job_live(request: HttpRequest, work: Workplace, generation_id: str) -> HttpResponse:
    """What of a job's page moves while it runs; once it has ended the whole page comes anew, with other buttons."""
    page = _page_of(work, generation_id)
    if not page.is_active:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "console/jobs/live.html", {**page_context(work, page), "oob": True})


@console_page(Permission.GENERATE, section="jobs")
def job_act(request: HttpRequest, work: Workplace, generation_id: str, act: str) -> HttpResponse:
    page = _page_of(work, generation_id)
    if act not in ACTS:
        raise Http404
    back = reverse("console:jobs") if act == "delete" else _address(page)
    return console_act(request, work, ACTS[act](request.POST or None, work=work, job=page.timeline), back=back)


@console_page(Permission.WEBHOOKS, section="jobs")
def job_resend(request: HttpRequest, work: Workplace, generation_id: str, delivery_id: str) -> HttpResponse:
    page = _page_of(work, generation_id)
    wanted = ids.decode(ids.WEBHOOK_DELIVERY, delivery_id)
    delivery = next((row for row in page.timeline.deliveries if row.id == wanted), None)
    if delivery is None:
        raise Http404
    act = ResendWithSameId(request.POST or None, job=page.timeline, delivery=delivery)
    return console_act(request, work, act, back=_address(page))


def _address(page: JobPage) -> str:
    return reverse("console:job", args=[page.public_id])


def _page_of(work: Workplace, text: str) -> JobPage:
    return find_or_404(ids.GENERATION, text, lambda value: job_page(work, value))
