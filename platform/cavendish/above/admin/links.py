"""Cells that lead to a thing, and the filters that many lists share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Tenant
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
    ids.PROVIDER_PAYMENT: "provider_payment",
    ids.PLAN: "plan",
    ids.WEBHOOK_ENDPOINT: "webhook_endpoint",
}
"""The page of each kind of id, by its name in the address book."""


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


TENANT: Filter[Any] = Filter(
    "tenant", gettext_lazy("Tenant"), by_tenant, placeholder=gettext_lazy("Slug or id"), index=by_tenant
)
