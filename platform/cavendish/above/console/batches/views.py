"""Batches: the list, one batch with its items and results, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import ApiKey, User
from accounts.roles.permissions import Permission
from cavendish.above.console.batches import money, progress
from cavendish.above.console.batches.acts import ACTS, batch_name
from cavendish.above.console.batches.lists import Loaded, batches_list, items_list, reasons_of
from cavendish.above.console.batches.sheet import SheetInvalid
from cavendish.above.console.batches.uploads import failed_jobs, failed_take
from cavendish.above.console.jobs.rows import makers_of
from cavendish.above.console.pages import console_act, console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import key_name
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.above.ui.refusals import refusal_text
from cavendish.db import ids
from cavendish.http.problems import Problem
from generations.api.batches import lines_response, zip_response
from generations.batches.selectors import batch_find
from generations.models import BATCH_ENDED, Batch


@console_page(Permission.READ, section="jobs")
def batches(request: HttpRequest, work: Workplace) -> HttpResponse:
    loaded = Loaded()
    context = {"loaded": loaded, "may_generate": work.may(Permission.GENERATE)}
    with work.reading():
        return list_page(request, batches_list(work, loaded), template="console/batches/batches.html", context=context)


@console_page(Permission.READ, section="jobs")
def batch(request: HttpRequest, work: Workplace, batch_id: str) -> HttpResponse:
    with work.reading():
        return _page(request, work, _row_of(work, batch_id), "console/batches/batch.html")


@console_page(Permission.READ, section="jobs")
def batch_live(request: HttpRequest, work: Workplace, batch_id: str) -> HttpResponse:
    """How it stands now, and the items of the same page; once it has ended the whole page comes anew."""
    with work.reading():
        row = _row_of(work, batch_id)
        if row.status in BATCH_ENDED:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return _page(request, work, row, "console/batches/live.html")


def _page(request: HttpRequest, work: Workplace, row: Batch, template: str) -> HttpResponse:
    loaded = Loaded(names=_names(row))
    context = {"loaded": loaded, **_context(work, row, loaded)}
    return list_page(request, items_list(row, loaded), template=template, context=context)


@console_page(Permission.READ, section="jobs")
def results_zip(request: HttpRequest, work: Workplace, batch_id: str) -> HttpResponseBase:
    with work.reading():
        row = _row_of(work, batch_id)
    return zip_response(row, ids.encode(ids.BATCH, row.id))


@console_page(Permission.READ, section="jobs")
def results_jsonl(request: HttpRequest, work: Workplace, batch_id: str) -> HttpResponseBase:
    with work.reading():
        row = _row_of(work, batch_id)
    return lines_response(row, ids.encode(ids.BATCH, row.id))


@console_page(Permission.GENERATE, section="jobs")
def batch_again(request: HttpRequest, work: Workplace, batch_id: str) -> HttpResponse:
    """Makes a file of the items that failed, and leads to what they would cost once more."""
    with work.reading():
        row = _row_of(work, batch_id)
    back = HttpResponseRedirect(reverse("console:batch", args=[batch_id]))
    if request.method != "POST":
        return back
    try:
        read = failed_take(work, row)
    except SheetInvalid as invalid:
        messages.warning(request, invalid.problems[0].text)
        return back
    except Problem as problem:
        messages.warning(request, refusal_text(problem))
        return back
    if read.file is None:
        messages.warning(request, read.problems[0].text)
        return back
    address = reverse("console:batch_preview", args=[ids.encode(ids.FILE, read.file.id)])
    return HttpResponseRedirect(f"{address}?{urlencode({'name': row.name})}" if row.name else address)


@console_page(Permission.GENERATE, section="jobs")
def batch_act(request: HttpRequest, work: Workplace, batch_id: str, act: str) -> HttpResponse:
    with work.reading():
        row = _row_of(work, batch_id)
    if act not in ACTS:
        raise Http404
    back = reverse("console:batches") if act == "delete" else reverse("console:batch", args=[batch_id])
    return console_act(request, work, ACTS[act](request.POST or None, work=work, batch=row), back=back)


def _context(work: Workplace, row: Batch, loaded: Loaded) -> dict[str, Any]:
    is_ended, sums = row.status in BATCH_ENDED, money.batch_money(row)
    actions = []
    if work.may(Permission.GENERATE) and row.status != "canceling":
        name = "delete" if is_ended else "cancel"
        address = reverse("console:batch_act", args=[ids.encode(ids.BATCH, row.id), name])
        actions.append({"address": address, "word": ACTS[name].word, "danger": True, "dialog": True})
    counts = {
        "succeeded": row.succeeded, "failed": row.failed, "in_progress": row.in_progress,
        "waiting": row.total - row.fed, "canceled": row.canceled, "expired": row.expired,
    }  # fmt: skip
    return {
        "batch": row,
        "public_id": ids.encode(ids.BATCH, row.id),
        "name": batch_name(row),
        "headline": progress.headline(row),
        "state": progress.batch_state(row),
        "bar": progress.progress_bar(row),
        "counts": counts,
        "is_ended": is_ended,
        "has_results": progress.ended(row) > 0,
        "money": sums,
        "minus_back": -sums.went_back,
        "minus_still": -sums.still_held,
        "reasons": reasons_of(row, loaded.names),
        "maker": makers_of([row])[row.id],
        "actions": actions,
        "may_again": bool(
            is_ended and row.failed and row.dialect == Batch.Dialect.NATIVE and work.may(Permission.GENERATE)
        )
        and failed_jobs(row).exists(),
    }


def _row_of(work: Workplace, text: str) -> Batch:
    return find_or_404(ids.BATCH, text, lambda value: batch_find(value, livemode=work.livemode))


def _names(row: Batch) -> dict[str, str]:
    """Returns the names of the key and the person whose budgets its items count for, by their public ids."""
    names = {}
    if (key := ApiKey.objects.filter(id=row.api_key_id).first()) is not None:
        names[ids.encode(ids.API_KEY, key.id)] = key_name(key)
    if row.member_id and (person := User.objects.filter(id=row.member_id).first()) is not None:
        names[ids.encode(ids.USER, person.id)] = person.name or person.email
    return names
