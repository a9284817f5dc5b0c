"""Charges: the list, flagged ones first to be decided. What is decided about one stands on its job's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from billing.models import Charge
from cavendish.above.admin.links import MODE, TENANT, address_of, created, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.db import ids

FLAGGED = (
    ("open", _("Flagged, not decided")),
    ("resolved", _("Decided")),
    ("all", _("All flagged")),
)


def _by_flag(rows: QuerySet[Charge], value: str) -> QuerySet[Charge]:
    match value:
        case "open":
            return rows.filter(~Q(flags=[]), resolution=None)
        case "resolved":
            return rows.exclude(resolution=None)
        case _:
            return rows.exclude(flags=[])


def _decision(charge: Charge) -> Any:
    decided = getattr(charge, "resolution", None)
    if decided is not None:
        return format_html('<span class="quiet">{}</span>', decided.note[:60])
    if not charge.flags:
        return ""
    address = address_of(ids.GENERATION, charge.generation_id)
    return format_html('<a class="button button-small" href="{}#money">{}</a>', address, _("Resolve"))


CHARGES: List[Charge] = List(
    title=_("Charges"),
    rows=lambda: Charge.objects.select_related("tenant", "resolution"),
    columns=(
        Column(_("Age"), created),
        Column(_("Job"), lambda row: link(ids.GENERATION, row.generation_id), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("Amount"), lambda row: formats.money(row.amount, row.currency, digits=4), kind="r"),
        Column(_("Cost"), lambda row: formats.money(row.cost, digits=4), kind="r", wide=True),
        Column(
            _("Absorbed"),
            lambda row: formats.money(row.absorbed, digits=4) if row.absorbed else "–",
            kind="r",
            wide=True,
        ),
        Column(_("Flags"), lambda row: ", ".join(str(flag).replace("_", " ") for flag in row.flags)),
        Column(_("Decision"), _decision),
    ),
    filters=(
        Filter("flagged", _("Flags"), _by_flag, choices=FLAGGED),
        TENANT,
        Filter("status", _("State"), equals("status"), choices=Charge.Status.choices),
        MODE,
    ),
    order=("-created_at", "-generation_id"),
    empty=_("A job is charged when it ends."),
)


@operator_page(section="charges")
def charges(request: HttpRequest) -> HttpResponse:
    return list_page(request, CHARGES)
