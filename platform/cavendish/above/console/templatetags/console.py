"""Template tags of the console."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.roles.permissions import Permission
from cavendish.above.console.start.progress import Progress, progress_of, still_begins
from cavendish.above.console.start.skipping import start_skipped
from cavendish.above.console.workplace import Workplace

register = template.Library()


@register.inclusion_tag("console/start/reminder.html", takes_context=True)
def first_steps(context: Any) -> dict[str, Any]:
    """Shows how far a new tenant has come, with a link to the next step; nothing once a program of its own has called,
    or after its people have skipped it. Opens the tenant's context.
    """
    request, work = context["request"], context.get("work")
    progress: Progress | None = None
    if isinstance(work, Workplace) and work.may(Permission.GENERATE) and not start_skipped(request, work):
        progress = progress_of(work) if still_begins(work) else None
    return {"request": request, "progress": progress, "csrf_token": context.get("csrf_token")}
