"""The audit log: a list, one event, and a file of them."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit.representation import audit_json
from accounts.models import AuditEvent
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.audit import lists
from cavendish.above.console.settings.pages import listed, settings_page, shown
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.audit.sentences import OPERATORS, sentence, title, values_of
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.spreadsheet import csv_response, list_rows
from cavendish.db import ids

page = settings_page(Permission.AUDIT, current="audit")
HEAD = ("at", "actor_type", "actor", "address", "action", "target_type", "target_id", "before", "after")


@page
def audit(request: HttpRequest, work: Workplace) -> HttpResponse:
    csv = f"{reverse('console:audit_csv')}?{request.GET.urlencode()}"
    lead = _("What people and keys changed, with values before and after. Nobody can change or delete it.")
    return listed(request, work, lists.events(work), template="console/settings/audit/list.html", csv=csv, lead=lead)


@page
def audit_csv(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The events that the list's filters leave, the newest first, as a file."""
    with work.reading():
        rows = list_rows(request, lists.events(work))
    if rows is None:
        return HttpResponseRedirect(f"{reverse('console:audit')}?{request.GET.urlencode()}")
    return csv_response(f"{work.membership.slug}-audit", HEAD, (_row(event) for event in rows))


def _row(event: AuditEvent) -> tuple[object, ...]:
    body = audit_json(event, full=False)
    actor, target = body["actor"], body["target"]
    values = (json.dumps(body[name], ensure_ascii=False) if body[name] else "" for name in ("before", "after"))
    who = (actor["type"], actor["label"], actor["address"] or "")
    return (event.at, *who, event.action, target["type"], target["id"], *values)


@page
def audit_event(request: HttpRequest, work: Workplace, event_id: str) -> HttpResponse:
    with work.reading():
        rows = AuditEvent.objects.filter(tenant_id=work.tenant_id)
        event: AuditEvent = row_or_404(ids.AUDIT_EVENT, event_id, rows)
    context = {
        "event": event,
        "public_id": event_id,
        "title": title(event),
        "sentence": sentence(event, full=False),
        "lines": values_of(event),
        "actor": lists.actor(event) or (_("The operator") if event.actor_kind in OPERATORS else _("Cavendish")),
        "address": lists.address(event),
        "target": audit_json(event, full=False)["target"],
    }
    return shown(request, work, "console/settings/audit/event.html", context)
