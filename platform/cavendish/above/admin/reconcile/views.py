"""Reconcile: the last result, the runs, what a run found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.reconcile.acts import ReconcileNow
from cavendish.above.admin.reconcile.rows import checks_of
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.selectors import reconcile_find, reconcile_last, reconcile_open
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page

Status = ReconcileRun.Status
TRIGGERS = {"scheduler": _("By the clock"), "command": _("By the command"), "operator": _("By an operator")}
TONES = {
    Status.QUEUED: "waiting", Status.RUNNING: "waiting", Status.CLEAN: "good", Status.DIFFERENCES: "bad",
    Status.FAILED: "bad",
}  # fmt: skip


def outcome(run: ReconcileRun) -> str:
    """Returns how a run ended, as a heading: "No difference", "14 rows differ"."""
    match run.status:
        case Status.CLEAN:
            return gettext("No difference")
        case Status.DIFFERENCES:
            return ngettext("%s row differs", "%s rows differ", run.differing) % formats.count(run.differing)
        case Status.FAILED:
            return gettext("The run could not be finished")
        case Status.RUNNING:
            return gettext("Running")
        case _queued:
            return gettext("Queued")


def _state(run: ReconcileRun) -> Any:
    return formats.status(TONES[Status(run.status)], outcome(run))


def _name(run: ReconcileRun) -> Any:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:reconcile_run", args=[run.id]), formats.moment(run.created_at)
    )


def _took(run: ReconcileRun) -> str:
    if run.started_at is None or run.ended_at is None:
        return "–"
    return formats.seconds((run.ended_at - run.started_at).total_seconds())


def _rows() -> QuerySet[ReconcileRun]:
    return ReconcileRun.objects.all()


RUNS: List[ReconcileRun] = List(
    title=_("Runs"),
    rows=_rows,
    columns=(
        Column(_("When"), _name, kind="th"),
        Column(_("Result"), _state),
        Column(
            pgettext_lazy("run", "Of"), lambda run: gettext("Everything") if run.whole else gettext("A part"), wide=True
        ),
        Column(_("Begun"), lambda run: TRIGGERS[run.trigger], wide=True),
        Column(_("Checks"), lambda run: formats.count(len(run.checks)), kind="r", wide=True),
        Column(_("Took"), _took, kind="r"),
    ),
    filters=(
        Filter("status", _("Result"), equals("status"), choices=Status.choices),
        Filter("trigger", _("Begun"), equals("trigger"), choices=tuple(TRIGGERS.items())),
    ),
    empty=_("The first run is made tonight, or now by the button above."),
)


@operator_page(section="reconcile")
def reconcile(request: HttpRequest) -> HttpResponse:
    last, begun = reconcile_last(), reconcile_open()
    action = {"address": reverse("admin:reconcile_now"), "word": _("Reconcile now"), "main": True, "dialog": True}
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM) and begun is None
    context = {
        "last": last,
        "outcome": outcome(last) if last else "",
        "failing": [check for check in checks_of(last) if not check.is_clean] if last else [],
        "begun": begun,
        "actions": [action] if may else [],
    }
    return list_page(request, RUNS, template="admin/reconcile/reconcile.html", context=context)


@operator_page(OperatorPermission.PLATFORM, section="reconcile")
def now(request: HttpRequest) -> HttpResponse:
    return operator_act(request, ReconcileNow(request.POST or None), back=reverse("admin:reconcile"))


@operator_page(section="reconcile")
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    found = reconcile_find(run_id)
    if found is None:
        raise Http404
    context = {
        "run": found,
        "outcome": outcome(found),
        "trigger": TRIGGERS[found.trigger],
        "took": _took(found),
        "checks": checks_of(found),
    }
    return render(request, "admin/reconcile/run.html", context)
