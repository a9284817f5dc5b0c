"""Queues, dead letters with "Run again", and the scheduler's tasks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.background.acts import RunAgain
from cavendish.above.admin.background.selectors import background_work, dead_letter_find
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.messaging.queues import DeadLetter


@operator_page(section="workers")
def background(request: HttpRequest) -> HttpResponse:
    work = background_work()
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM)
    context = {
        "work": work,
        "dead": sum(queue.dead for queue in work.queues or ()),
        "letters": [(letter, _action(letter) if may else None) for letter in work.dead_letters],
        "late": [state for state in work.tasks if state.is_late],
        "failing": [state for state in work.tasks if state.task.failures],
        "tasks": sorted(work.tasks, key=lambda state: (not state.is_late, not state.task.failures)),
        "subnav": "background",
    }
    return render(request, "admin/background/background.html", context)


@operator_page(OperatorPermission.PLATFORM, section="workers")
def run_again(request: HttpRequest, queue: str, letter_id: str) -> HttpResponse:
    letter = dead_letter_find(queue, letter_id)
    if letter is None:
        raise Http404
    return operator_act(request, RunAgain(request.POST or None, letter=letter), back=reverse("admin:background"))


def _action(letter: DeadLetter) -> dict[str, object]:
    address = reverse("admin:dead_letter_run_again", args=[letter.queue, letter.id])
    return {"address": address, "word": _("Run again"), "of": letter.actor, "dialog": True, "small": True}
