"""What a tenant keeps with us beside jobs: exports, templates, guard rules, legal holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from cavendish.above.admin.pages import operator_page
from cavendish.above.admin.tenants.finding import tenant_of
from cavendish.above.tenant_data.models import Export
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created
from cavendish.above.ui.lists import Column, List, list_page
from cavendish.db import ids
from generations.models import GuardRule, LegalHold, PromptTemplate, PromptTemplateVersion

Status = Export.Status


@dataclass(frozen=True)
class TenantData:
    """How many rules, templates and holds in force there are, and the last export."""

    guard_rules: int
    templates: int
    holds: int
    export: Export | None


def data_of(tenant: Tenant) -> TenantData:
    return TenantData(
        guard_rules=GuardRule.objects.filter(tenant_id=tenant.id, enabled=True).count(),
        templates=PromptTemplate.objects.filter(tenant_id=tenant.id).count(),
        holds=LegalHold.objects.filter(tenant_id=tenant.id, released_at=None).count(),
        export=Export.objects.filter(tenant_id=tenant.id).order_by("-id").first(),
    )


def export_state(export: Export) -> Any:
    """Returns an export's state; of one that is written how far it is."""
    match export.status:
        case Status.READY:
            return formats.status("good", str(_("Ready")))
        case Status.EXPIRED:
            return formats.state("expired")
        case Status.RUNNING:
            return formats.status("waiting", str(_("Being written")))
        case _:
            return formats.state("queued")


def _missing(export: Export) -> Any:
    lost = len(export.missing)
    return format_html('<b class="bad">{}</b>', formats.count(lost)) if lost else "0"


EXPORTS = (
    Column[Export](_("Requested"), created),
    Column[Export](_("State"), export_state),
    Column[Export](_("Size"), lambda export: formats.size(export.bytes), kind="r"),
    Column[Export](_("Files"), lambda export: formats.count(export.entries), kind="r", wide=True),
    Column[Export](_("Missing"), _missing, kind="r", wide=True),
    Column[Export](
        _("Can be fetched until"),
        lambda export: formats.moment(export.expires_at) if export.expires_at else "–",
        wide=True,
    ),
    Column[Export](_("By"), lambda export: export.requested_by or "–", kind="th", wide=True),
)
TEMPLATES = (
    Column[Any](_("Template"), lambda row: row.name, kind="th"),
    Column[Any](_("Version"), lambda row: formats.count(row.version), kind="r"),
    Column[Any](_("Mode"), lambda row: formats.livemode(row.livemode)),
    Column[Any](_("Created"), created, wide=True),
    Column[Any](_("Id"), lambda row: formats.copy_id(ids.encode(ids.TEMPLATE, row.id)), wide=True),
)


@operator_page(section="tenants")
def exports(request: HttpRequest, tenant_id: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    table: List[Export] = List(
        title=_("Exports"),
        rows=lambda: Export.objects.filter(tenant_id=tenant.id),
        columns=EXPORTS,
        empty=_("An export is an archive of all that the tenant has. Its owners fetch it on their pages."),
    )
    return _sub_page(request, tenant, table)


@operator_page(section="tenants")
def templates(request: HttpRequest, tenant_id: str) -> HttpResponse:
    tenant = tenant_of(tenant_id)
    newest = PromptTemplateVersion.objects.filter(template_id=OuterRef("id"), version=OuterRef("version"))
    table: List[PromptTemplate] = List(
        title=_("Prompt templates"),
        rows=lambda: PromptTemplate.objects.filter(tenant_id=tenant.id).annotate(
            name=Subquery(newest.values("name")[:1])
        ),
        columns=TEMPLATES,
        empty=_("It uses those that are shipped, or none."),
    )
    return _sub_page(request, tenant, table)


def _sub_page(request: HttpRequest, tenant: Tenant, table: List[Any]) -> HttpResponse:
    context = {"tenant": tenant, "public_id": ids.encode(ids.TENANT, tenant.id)}
    return list_page(request, table, template="admin/tenants/sub_page.html", context=context)
