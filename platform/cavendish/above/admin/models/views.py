"""The catalog: which models run, which end, who uses them, and what the upstream charges for each."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats as django_formats
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import PlatformMonth
from cavendish.above.admin.links import TENANT, tenant_link
from cavendish.above.admin.models.selectors import (
    model_line,
    model_lines,
    model_months,
    price_lines,
    since,
    size_lines,
)
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, List, list_page


@operator_page(section="models")
def models(request: HttpRequest) -> HttpResponse:
    lines = model_lines()
    context = {
        "lines": lines,
        "ending": [line for line in lines if line.model.deprecated and line.use.tenants],
        "unconfirmed": [line for line in lines if not line.model.confirmed],
        "since": since(),
        "file": settings.CATALOG_FILE,
    }
    return render(request, "admin/models/models.html", context)


@operator_page(section="models")
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    line = model_line(model_id)
    if line is None:
        raise Http404
    table: List[PlatformMonth] = List(
        title=_("Who uses it"),
        rows=lambda: model_months(model_id),
        columns=(
            Column(_("Tenant"), tenant_link, kind="th"),
            Column(_("Month"), lambda row: django_formats.date_format(row.month, gettext("F Y"))),
            Column(_("Jobs"), lambda row: formats.count(row.requests), kind="r"),
            Column(_("Pictures"), lambda row: formats.count(row.images), kind="r"),
        ),
        filters=(TENANT,),
        order=("-month", "-images", "-tenant_id"),
        empty=_("No tenant has used it since the beginning of last month."),
    )
    context = {
        "line": line,
        "model": line.model,
        "sizes": size_lines(line.model),
        "prices": price_lines(line.model, at=timezone.now()),
        "roles": [(name, most) for name, most in line.model.role_limits.items() if most],
        "since": since(),
        "file": settings.CATALOG_FILE,
    }
    return list_page(request, table, template="admin/models/model.html", context=context)
