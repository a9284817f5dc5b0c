"""The list of a person's sessions, and signing them out."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.people.audit_signals import person_audit
from accounts.people.devices import device_name, device_of
from cavendish.above.console.session_tenant import person_of


@require_safe
@login_required
def sessions_page(request: HttpRequest) -> HttpResponse:
    """Lists the person's sessions, the current one first."""
    sessions: list[Any] = UserSession.objects.purge_and_list(request.user)
    sessions.sort(key=lambda session: (not session.is_current(), -session.last_seen_at.timestamp()))
    rows = [{"session": session, "device": device_name(session.user_agent)} for session in sessions]
    return render(request, "console/sessions.html", {"rows": rows, "others": len(rows) > 1})


@require_POST
@login_required
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Signs out one of the person's own sessions. Another person's id is 404, like one that does not exist."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    if session.is_current():
        return redirect("account_logout")
    device = device_of(session.user_agent)
    session.end()
    person_audit(request, person_of(request), "session_ended", device=device, address=session.ip)
    messages.success(request, _("Signed out of %s.").replace("%s", device_name(session.user_agent)))
    return redirect("sessions")


@require_POST
@login_required
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    """Signs out all sessions of the person but this one."""
    end_other_sessions(request, request.user)
    person_audit(request, person_of(request), "other_sessions_ended")
    messages.success(request, _("Signed out of all other sessions."))
    return redirect("sessions")
