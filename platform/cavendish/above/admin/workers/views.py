"""Workers with their slots, the queue by tier, and the upstream keys of the pool."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cavendish.above.admin.home.selectors import parts, work
from cavendish.above.admin.home.selectors.window import Window
from cavendish.above.admin.pages import operator_page


@operator_page(section="workers")
def workers(request: HttpRequest) -> HttpResponse:
    window = Window(timezone.now())
    gauges = parts.gauges_read(window)
    queue, running = work.queue(window, gauges)
    found, _keys = work.workers_and_keys(window, running)
    context = {"queue": queue, "workers": found, "sweeper": parts.sweeper(gauges), "subnav": "workers"}
    return render(request, "admin/workers/workers.html", context)


@operator_page(section="workers")
def upstream_keys(request: HttpRequest) -> HttpResponse:
    window = Window(timezone.now())
    _queue, running = work.queue(window, parts.gauges_read(window))
    _workers, keys = work.workers_and_keys(window, running)
    context = {
        "keys": keys,
        "upstream": settings.GEMINI_BASE_URL,
        "now": window.now,
        "subnav": "upstream_keys",
    }
    return render(request, "admin/workers/upstream_keys.html", context)
