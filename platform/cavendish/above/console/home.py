"""Where the console begins, its mode, and what the frame asks for by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.roles.permissions import Permission
from cavendish.above.console.navigation import items_for
from cavendish.above.console.pages import console_page
from cavendish.above.console.start.progress import made_nothing
from cavendish.above.console.start.skipping import start_skipped
from cavendish.above.console.workplace import Workplace, livemode_switch
from generations.models import Generation, Status


@console_page(None, section="home")
def home(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Leads to the first page that the person's role has; who sees pictures of a tenant that has none, to the first
    steps, until they skip them.
    """
    if work.may(Permission.READ) and not start_skipped(request, work) and made_nothing(work):
        return HttpResponseRedirect(reverse("console:start"))
    return HttpResponseRedirect(items_for(work.role)[0].address)


@console_page(None, section="home")
def mode(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Switches between live and test, and goes on to `next`."""
    if request.method == "POST":
        livemode_switch(request, livemode=request.POST.get("mode") != "test")
    onward = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, {request.get_host()}):
        onward = items_for(work.role)[0].address
    return HttpResponseRedirect(onward)


@console_page(None, section="home")
def state(request: HttpRequest, work: Workplace) -> HttpResponse:
    """What the rail counts: jobs that wait or run, in this mode."""
    running = 0
    if work.may(Permission.READ):
        with work.reading():
            running = Generation.objects.filter(
                tenant_id=work.tenant_id, livemode=work.livemode, status__in=[Status.QUEUED, Status.RUNNING]
            ).count()
    return render(request, "console/state.html", {"running": running})
