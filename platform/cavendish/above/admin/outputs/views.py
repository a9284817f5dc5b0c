"""Outputs without their pictures: what is stored for whom. A picture is opened on its job's page, after a reason."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cavendish.above.admin.links import TENANT, address_of, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import SINCE, UNTIL, created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals, list_page, yes_or_no
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids
from generations.models import Output

YES_NO = (("yes", _("Yes")), ("no", _("No")))


OUTPUTS: List[Output] = List(
    title=_("Outputs"),
    rows=lambda: Output.objects.select_related("tenant").all(),
    columns=(
        Column(_("Age"), created),
        Column(_("Output"), lambda row: formats.copy_id(ids.encode(ids.OUTPUT, row.id)), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("Job"), lambda row: link(ids.GENERATION, row.generation_id)),
        Column(_("Part"), lambda row: label(row.get_part_display()), wide=True),
        Column(_("Pixels"), lambda row: f"{row.width} × {row.height}", kind="r", wide=True),
        Column(_("Type"), lambda row: row.mime_type.removeprefix("image/").upper(), wide=True),
        Column(pgettext_lazy("bytes", "Size"), lambda row: formats.size(row.bytes), kind="r", wide=True),
    ),
    filters=(
        TENANT,
        Filter("part", _("Part"), equals("part"), choices=Output.Part.choices),
        Filter("sandbox", _("Sandbox"), yes_or_no("sandbox"), choices=YES_NO),
        SINCE,
        UNTIL,
    ),
    look_through=LOOK_THROUGH,
    empty=_("Pictures stand here as soon as a job has succeeded."),
)


@operator_page(section="outputs")
def outputs(request: HttpRequest) -> HttpResponse:
    return list_page(request, OUTPUTS)


@operator_page(section="outputs")
def output(request: HttpRequest, output_id: str) -> HttpResponse:
    """Leads to the job that it belongs to."""
    row: Output = row_or_404(ids.OUTPUT, output_id, Output.objects.all())
    return HttpResponseRedirect(f"{address_of(ids.GENERATION, row.generation_id)}#{output_id}")
