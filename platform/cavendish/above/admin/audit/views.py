"""The audit log: who did what, with before and after."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.audit.representation import audit_json
from accounts.models import AuditEvent
from cavendish.above.admin.audit.selectors import actor_ids
from cavendish.above.admin.links import TENANT, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.audit.sentences import sentence, title, values_of
from cavendish.above.ui.cells import SINCE, UNTIL
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, list_page
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids


def _by_actor(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Narrows to what somebody did, by id, email or a key's prefix; or to labels that begin so."""
    exactly = _of_actor(rows, text)
    return exactly if exactly is not None else rows.filter(actor_label__istartswith=text)


def _of_actor(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent] | None:
    found = actor_ids(text)
    return rows.filter(actor_id=found[0]) if len(found) == 1 else None


def _by_action(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Narrows to an action like "api_key.revoked", or to all that begin with "api_key."."""
    exactly = _of_action(rows, text)
    return exactly if exactly is not None else rows.filter(Q(action=text) | Q(action__startswith=f"{text}."))


def _of_action(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent] | None:
    """Narrows to one action; None where the text names several, which an index has one after the other."""
    return rows.filter(action=text) if "." in text else None


def _by_target(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Narrows to one thing by its public id or the digits of it."""
    digits = text.rpartition("_")[2].replace("-", "").lower()
    dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return rows.filter(target_id__in=[text, digits, dashed])


AUDIT: List[AuditEvent] = List(
    title=_("Audit"),
    rows=lambda: AuditEvent.objects.select_related("tenant").all(),
    columns=(
        Column(_("When"), lambda event: _when(event)),
        Column(_("What"), lambda event: format_html('<span class="wrap">{}</span>', sentence(event))),
        Column(_("Tenant"), lambda event: tenant_link(event) if event.tenant_id else "–", wide=True),
        Column(pgettext_lazy("address", "From"), lambda event: event.address or "–", wide=True),
    ),
    filters=(
        TENANT,
        Filter("actor", _("Who"), _by_actor, placeholder="ada@example.com", index=_of_actor, rank=2),
        Filter("action", _("Act"), _by_action, placeholder="api_key.revoked", index=_of_action, rank=3),
        Filter("target", _("Thing"), _by_target, placeholder="key_…", index=_by_target, rank=0),
        SINCE,
        UNTIL,
    ),
    look_through=LOOK_THROUGH,
)


def _when(event: AuditEvent) -> Any:
    address = reverse("admin:audit_event", args=[ids.encode(ids.AUDIT_EVENT, event.id)])
    return format_html('<a href="{}">{}</a>', address, formats.moment(event.at))


@operator_page(section="audit")
def audit(request: HttpRequest) -> HttpResponse:
    return list_page(request, AUDIT)


@operator_page(section="audit")
def audit_event(request: HttpRequest, event_id: str) -> HttpResponse:
    event = row_or_404(ids.AUDIT_EVENT, event_id, AuditEvent.objects.select_related("tenant"))
    context = {
        "event": event,
        "public_id": event_id,
        "title": title(event),
        "sentence": sentence(event),
        "lines": values_of(event),
        "kind": label(event.actor_kind.replace("_", " ").capitalize()),
        "target": audit_json(event, full=True)["target"],
    }
    return render(request, "admin/audit/event.html", context)
