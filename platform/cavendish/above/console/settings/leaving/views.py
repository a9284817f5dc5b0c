"""Export of everything, and closing the tenant."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, TenantStatus
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.leaving import acts
from cavendish.above.console.settings.pages import acting, settings_page, shown
from cavendish.above.console.workplace import Workplace
from cavendish.above.tenant_data.export_sections import SECTIONS
from cavendish.above.tenant_data.models import Erasure, Export
from cavendish.above.tenant_data.representation import export_json
from cavendish.above.ui import formats
from cavendish.above.ui.public_ids import row_or_404
from cavendish.above.ui.scripts import is_scripted
from cavendish.db import ids

page = settings_page(Permission.CLOSE, current="leaving")
EXPORTS_SHOWN = 20


@page
def leaving(request: HttpRequest, work: Workplace) -> HttpResponse:
    tenant = work.tenant
    with work.reading():
        exports = list(Export.objects.filter(tenant_id=tenant.id).order_by("-id")[:EXPORTS_SHOWN])
        erasure = Erasure.objects.filter(tenant_id=tenant.id).exclude(status=Erasure.Status.CANCELED).first()
        closed = AuditEvent.objects.filter(tenant_id=tenant.id, action="tenant.closed").order_by("-id").first()
    closing = tenant.status == TenantStatus.CLOSING
    running = any(export.status in {Export.Status.QUEUED, Export.Status.RUNNING} for export in exports)
    context = {
        "tenant": tenant,
        "exports": [(export, ids.encode(ids.EXPORT, export.id), _state(export)) for export in exports],
        "running": running,
        "closing": closing,
        "closed": closed if closing else None,
        "closed_by_us": closed is not None and closed.actor_kind == "person",
        "erasure": erasure if closing else None,
        "erasure_days": settings.ERASURE_DAYS,
        "export_days": settings.EXPORT_DAYS,
    }
    only_exports = is_scripted(request)
    template = "console/settings/leaving/exports.html" if only_exports else "console/settings/leaving/leaving.html"
    return shown(request, work, template, context)


def _state(export: Export) -> str:
    match export.status:
        case Export.Status.READY:
            return formats.status("good", _("Ready"))
        case Export.Status.EXPIRED:
            return formats.state("expired")
        case Export.Status.RUNNING:
            names = list(SECTIONS)
            step = names.index(export.section) + 1 if export.section in names else 1
            text = _("Being written, step %(step)d of %(all)d") % {"step": step, "all": len(names)}
            return formats.status("waiting", text)
        case _:
            return formats.state("queued")


@page
def export_start(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.StartExport, back=reverse("console:leaving"))


@page
def export_download(request: HttpRequest, work: Workplace, export_id: str) -> HttpResponse:
    """Leads to the archive's signed address, which is good for an hour."""
    url = export_json(_export(work, export_id))["url"]
    if url is None:
        raise Http404
    return HttpResponseRedirect(url)


@page
def export_delete(request: HttpRequest, work: Workplace, export_id: str) -> HttpResponse:
    return acting(request, work, acts.DeleteExport, back=reverse("console:leaving"), export=_export(work, export_id))


@page
def tenant_close(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.CloseTenant, back=reverse("console:leaving"), name=work.membership.name)


@page
def tenant_keep(request: HttpRequest, work: Workplace) -> HttpResponse:
    return acting(request, work, acts.KeepTenant, back=reverse("console:leaving"))


def _export(work: Workplace, public: str) -> Export:
    with work.reading():
        row: Export = row_or_404(ids.EXPORT, public, Export.objects.filter(tenant_id=work.tenant_id))
    return row
