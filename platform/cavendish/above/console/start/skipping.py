"""Who has seen enough of the first steps, by session and tenant."""

from __future__ import annotations

from django.http import HttpRequest

from cavendish.above.console.workplace import Workplace

SESSION_KEY = "start_skipped"


def skip_start(request: HttpRequest, work: Workplace) -> None:
    """Keeps the console from leading to the first steps of this tenant, in this session."""
    skipped = set(request.session.get(SESSION_KEY, []))
    request.session[SESSION_KEY] = sorted(skipped | {work.tenant_id.hex})


def start_skipped(request: HttpRequest, work: Workplace) -> bool:
    return work.tenant_id.hex in request.session.get(SESSION_KEY, [])
