"""Cells that lead to a thing, and the filters that many lists share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise, lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Tenant
from accounts.roles.checks import model_ids
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Filter, FilterInvalid
from cavendish.db import ids


def address_of(kind: str, value: UUID) -> str:
    """Returns the address of the page of an id's kind: `ids.GENERATION`, `ids.TENANT` and so on."""
    return reverse(f"admin:{PAGES[kind]}", args=[ids.encode(kind, value)])


PAGES: Mapping[str, str] = {
    ids.GENERATION: "job",
    ids.TENANT: "tenant",
    ids.API_KEY: "key",
    ids.USER: "person",
    ids.AUDIT_EVENT: "audit_event",
    ids.BATCH: "batch",
    ids.OUTPUT: "output",
    ids.INVOICE: "invoice",
    ids.CREDIT_NOTE: "credit_note",
    ids.LEDGER_TRANSACTION: "ledger_transaction",
    ids.PLAN: "plan",
    ids.WEBHOOK_ENDPOINT: "webhook_endpoint",
}
"""The page of each kind of id, by its name in the address book."""


def _unseen(text: str | Promise) -> SafeString:
    return format_html('<span class="sr">{}</span>', text)


unseen = lazy(_unseen, SafeString)
"""The head of a column that needs none for the eye."""


def in_row(actions: Iterable[Mapping[str, Any]]) -> SafeString:
    """Returns the buttons of acts beside each other, for a cell."""
    buttons = ((render_to_string("ui/action.html", {"action": action}),) for action in actions)
    return format_html_join("", '<span class="in-row">{}</span>', buttons)


def link(kind: str, value: UUID | None, text: str = "") -> SafeString | str:
    """Returns a link to the page of an id with its short form, or with `text`; a dash for None."""
    if value is None:
        return "–"
    shown = text or formats.short_id(ids.encode(kind, value))
    css = "" if text else "code nowrap"
    return format_html('<a href="{}" class="{}">{}</a>', address_of(kind, value), css, shown)


def tenant_link(row: Any) -> SafeString:
    """Returns a link to the tenant of a row by its name."""
    try:
        tenant: Tenant = row.tenant
    except ObjectDoesNotExist:
        return format_html("{}", "–")
    return format_html('<a href="{}" class="cut">{}</a>', address_of(ids.TENANT, tenant.id), tenant.name)


def created(row: Any) -> Any:
    return formats.age(row.created_at)


def model_name(model: str) -> str:
    """Returns a model's short name: "3.1 Flash" for gemini-3.1-flash-image."""
    return model.removeprefix("gemini-").removesuffix("-image").replace("-", " ").title()


def models_choices() -> list[tuple[str, str]]:
    return [(model, model_name(model)) for model in model_ids()]


def tenant_named(text: str) -> Tenant:
    """Returns the tenant of a slug or an id. Raises FilterInvalid where there is none."""
    tenant_id = ids.decode(ids.TENANT, text)
    found = Tenant.objects.filter(id=tenant_id) if tenant_id else Tenant.objects.filter(slug=text)
    tenant: Tenant | None = found.first()
    if tenant is None:
        raise FilterInvalid(_("There is no tenant with the slug or id “%s”.").replace("%s", text[:60]))
    return tenant


def by_tenant(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Narrows rows to a tenant by slug or id. Raises FilterInvalid where there is none."""
    return rows.filter(tenant_id=tenant_named(text).id)


def _moment(text: str, at: time) -> datetime:
    try:
        on = parse_date(text)
    except ValueError:
        on = None
    if on is None:
        raise FilterInvalid(_("Write a day like 2026-11-28."))
    return timezone.make_aware(datetime.combine(on, at))


def since(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Narrows rows with ids in time order (UUIDv7) to a day and later, in the viewer's zone."""
    return rows.filter(id__gte=ids.first_at(_moment(text, time.min)))


def until(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Narrows rows with ids in time order (UUIDv7) to a day and earlier, in the viewer's zone."""
    return rows.filter(id__lte=ids.first_at(_moment(text, time.max)))


TENANT: Filter[Any] = Filter(
    "tenant", gettext_lazy("Tenant"), by_tenant, placeholder=gettext_lazy("Slug or id"), index=by_tenant
)
SINCE: Filter[Any] = Filter("since", gettext_lazy("From"), since, kind="date", span=True)
UNTIL: Filter[Any] = Filter("until", gettext_lazy("To"), until, kind="date", span=True)


def _by_mode(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(livemode=value == "live")


MODE: Filter[Any] = Filter(
    "mode", gettext_lazy("Mode"), _by_mode, choices=(("live", gettext_lazy("Live")), ("test", gettext_lazy("Test")))
)
