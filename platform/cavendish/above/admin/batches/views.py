"""Batches: the list, and one batch's page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.admin.batches.lists import BATCHES, batch_state, ended, progress
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui.lists import list_page
from cavendish.db import ids
from generations.models import Batch


@operator_page(section="batches")
def batches(request: HttpRequest) -> HttpResponse:
    return list_page(request, BATCHES)


@operator_page(section="batches")
def batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    value = ids.decode(ids.BATCH, batch_id)
    row = Batch.objects.select_related("tenant").filter(id=value).first() if value else None
    if row is None:
        raise Http404
    context = {
        "batch": row,
        "public_id": batch_id,
        "state": batch_state(row),
        "progress": progress(row),
        "ended": ended(row),
    }
    return render(request, "admin/batches/batch.html", context)
