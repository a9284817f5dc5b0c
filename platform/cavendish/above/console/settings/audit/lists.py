"""The list of a tenant's audit events: its own, without which operator did something."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import AuditEvent
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.audit.sentences import OPERATORS, sentence
from cavendish.above.ui.cells import SINCE, UNTIL
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals
from cavendish.db import ids

THINGS: tuple[tuple[str, str | Promise], ...] = (
    ("member", _("Members")),
    ("invitation", _("Invitations")),
    ("api_key", _("API keys")),
    ("webhook_endpoint", _("Webhooks")),
    ("guard_rule", _("Guard rules")),
    ("tenant", _("Settings of the tenant")),
    ("budget", _("Budgets")),
    ("billing_profile", _("Billing details")),
    ("wallet", _("Balance")),
    ("invoice", _("Invoices")),
    ("export", _("Exports")),
    ("template", _("Templates")),
    ("share_link", _("Share links")),
    ("generation", _("Jobs")),
    ("batch", _("Batches")),
)
KINDS: tuple[tuple[str, str | Promise], ...] = (
    ("person", _("People")), ("key", _("API keys")), ("operator", _("The operator")), ("system", _("Cavendish")),
)  # fmt: skip


def _by_who(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Narrows to a member's email or a key's prefix, or to what begins so. What operators are called is not told."""
    return rows.exclude(actor_kind__in=OPERATORS).filter(actor_label__istartswith=text)


def _by_kind(rows: QuerySet[AuditEvent], value: str) -> QuerySet[AuditEvent]:
    return rows.filter(actor_kind__in=OPERATORS if value == "operator" else [value])


def _by_target(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    digits = text.rpartition("_")[2].replace("-", "").lower()
    return rows.filter(Q(target_id=text) | Q(target_id=digits))


def events(work: Workplace) -> List[AuditEvent]:
    return List(
        title=_("Audit log"),
        rows=lambda: AuditEvent.objects.filter(tenant_id=work.tenant_id),
        columns=(
            Column(_("When"), _when),
            Column(_("What"), lambda event: format_html('<span class="wrap">{}</span>', sentence(event, full=False))),
            Column(pgettext_lazy("address", "From"), lambda event: address(event) or "–", wide=True),
        ),
        filters=(
            Filter("who", _("Who"), _by_who, placeholder="ada@example.com"),
            Filter("kind", _("Kind"), _by_kind, choices=KINDS),
            Filter("about", _("About"), equals("target"), choices=THINGS),
            Filter("thing", _("Id"), _by_target, placeholder="key_…"),
            SINCE,
            UNTIL,
        ),
        empty=_("Everything that people and keys change is recorded here, and cannot be changed or deleted."),
        look_through=LOOK_THROUGH,
    )


def address(event: AuditEvent) -> str:
    """Returns where somebody acted from; of an operator that is not told."""
    return "" if event.actor_kind in OPERATORS else event.address or ""


def actor(event: AuditEvent) -> str:
    return "" if event.actor_kind in OPERATORS else event.actor_label


def _when(event: AuditEvent) -> Any:
    link = reverse("console:audit_event", args=[ids.encode(ids.AUDIT_EVENT, event.id)])
    return format_html('<a href="{}">{}</a>', link, formats.moment(event.at))
