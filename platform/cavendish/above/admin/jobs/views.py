"""Jobs: the list, one job's page, its content after a reason, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.jobs.acts import ACTS
from cavendish.above.admin.jobs.headline import headline
from cavendish.above.admin.jobs.lists import JOBS
from cavendish.above.admin.jobs.steps import OperatorStory
from cavendish.above.admin.pages import operator_act, operator_actor, operator_of, operator_page, refused
from cavendish.above.ui.jobs.resend import ResendWebhook
from cavendish.above.ui.jobs.strip import strip, where_time_went
from cavendish.above.ui.jobs.summary import summary
from cavendish.above.ui.lists import list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.above.ui.sayings import said
from cavendish.db import ids
from cavendish.http.problems import Problem
from generations.jobs.selectors import job_timeline
from generations.jobs.services import ShownContent, content_show
from generations.jobs.timeline import Timeline


@operator_page(section="jobs")
def jobs(request: HttpRequest) -> HttpResponse:
    return list_page(request, JOBS)


@operator_page(section="jobs")
def job(request: HttpRequest, generation_id: str) -> HttpResponse:
    found = _job_of(generation_id)
    shown: ShownContent | None = None
    refusal = ""
    if request.method == "POST":
        if not operator_can(operator_of(request), OperatorPermission.CONTENT):
            return refused(request, OperatorPermission.CONTENT)
        try:
            shown = content_show(
                tenant_id=found.belongs_to.tenant_id,
                generation_id=found.generation_id,
                reason=request.POST.get("reason", ""),
                actor=operator_actor(request),
            )
            found = _job_of(generation_id)
        except Problem as problem:
            refusal = said(problem.errors[0].detail if problem.errors else problem.detail)
    response = render(request, "admin/jobs/job.html", _context(request, found, shown, refusal))
    if refusal:
        response.status_code = 422
    if shown is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def _context(request: HttpRequest, found: Timeline, shown: ShownContent | None, refusal: str) -> dict[str, Any]:
    operator, public_id = operator_of(request), ids.encode(ids.GENERATION, found.generation_id)
    may_act = operator_can(operator, OperatorPermission.JOBS)
    may_book = operator_can(operator, OperatorPermission.MONEY)
    actions = []
    if may_act and found.can_cancel:
        actions.append(_action("cancel", public_id, danger=True))
    if may_act and found.can_run_again:
        actions.append(_action("run-again", public_id))
    money = found.money
    charge = f"{reverse('admin:charges')}{public_id}"
    if may_book and money.flags and not money.is_resolved:
        actions.append({"address": f"{charge}/resolve/", "word": _("Resolve"), "dialog": True})
    if may_book and money.refundable:
        actions.append({"address": f"{charge}/refund/", "word": _("Refund"), "dialog": True})
    return {
        "job": found,
        "public_id": public_id,
        "headline": headline(found),
        "strip": strip(found),
        "where": where_time_went(found),
        "summary": summary(found, headline(found)),
        "steps": OperatorStory().timeline(found),
        "actions": actions,
        "minus_back": -money.went_back if money.went_back is not None else None,
        "minus_cost": -money.cost if money.cost is not None else None,
        "minus_refunded": -money.refunded,
        "may_show": operator_can(operator, OperatorPermission.CONTENT),
        "may_act": may_act,
        "shown": shown,
        "refusal": refusal,
        "shape": found.content.shapes[0] if found.content.shapes else None,
        "deliveries": [(delivery, ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)) for delivery in found.deliveries],
    }


def _action(name: str, public_id: str, *, danger: bool = False) -> dict[str, Any]:
    address = reverse("admin:job_act", args=[public_id, name])
    return {"address": address, "word": ACTS[name].word, "danger": danger, "dialog": True}


@operator_page(OperatorPermission.JOBS, section="jobs")
def job_act(request: HttpRequest, generation_id: str, act: str) -> HttpResponse:
    found = _job_of(generation_id)
    if act not in ACTS:
        raise Http404
    return operator_act(request, ACTS[act](request.POST or None, job=found), back=_page(generation_id))


@operator_page(OperatorPermission.JOBS, section="jobs")
def job_resend(request: HttpRequest, generation_id: str, delivery_id: str) -> HttpResponse:
    found = _job_of(generation_id)
    wanted = ids.decode(ids.WEBHOOK_DELIVERY, delivery_id)
    delivery = next((row for row in found.deliveries if row.id == wanted), None)
    if delivery is None:
        raise Http404
    act = ResendWebhook(request.POST or None, job=found, delivery=delivery)
    return operator_act(request, act, back=_page(generation_id))


def _page(generation_id: str) -> str:
    return reverse("admin:job", args=[generation_id])


def _job_of(text: str) -> Timeline:
    return find_or_404(ids.GENERATION, text, job_timeline)
