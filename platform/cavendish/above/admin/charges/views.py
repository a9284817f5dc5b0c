"""Charges: the list, and what is decided about one."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission
from billing.charges.selectors import charge_in_sight
from billing.models import Charge
from cavendish.above.admin.charges.acts import ACTS, sight_lines
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_act, operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import MODE, created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals, list_page
from cavendish.above.ui.marks import listed
from cavendish.above.ui.public_ids import find_or_404
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


def _flagged(rows: QuerySet[Charge], value: str) -> QuerySet[Charge]:
    """Narrows to the rows with an index, among which the filter finds its own."""
    return rows.exclude(resolution=None) if value == "resolved" else rows.exclude(flags=[])


def _decision(charge: Charge) -> Any:
    decided = getattr(charge, "resolution", None)
    if decided is not None:
        return format_html('<span class="cut quiet" title="{}">{}</span>', decided.note, decided.note)
    if not charge.flags:
        return ""
    address = act_address(charge, "resolve", back="list")
    return format_html(
        '<form action="{}"><input type="hidden" name="back" value="list">'
        '<button class="button button-small" type="submit" hx-get="{}" hx-target="#dialog">{}'
        '<span class="sr"> {}</span></button></form>',
        address.partition("?")[0], address, _("Resolve"), ids.encode(ids.GENERATION, charge.generation_id),
    )  # fmt: skip


def _flags(charge: Charge) -> Any:
    words = listed(label(str(flag).replace("_", " ")) for flag in charge.flags)
    if charge.flags and getattr(charge, "resolution", None) is None:
        return format_html('<b class="bad">{}</b>', words)
    return words


def act_address(charge: Charge, act: str, *, back: str = "") -> str:
    """Returns the address of an act on a charge. `back` "list" leads to the flagged ones after it."""
    address = reverse("admin:charge_act", args=[ids.encode(ids.GENERATION, charge.generation_id), act])
    return f"{address}?back={back}" if back else address


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
        Column(_("Flags"), _flags),
        Column(_("Decision"), _decision),
    ),
    filters=(
        Filter("flagged", _("Flags"), _by_flag, choices=FLAGGED, index=_flagged, covers=False, rank=0),
        TENANT,
        Filter("status", _("State"), equals("status"), choices=Charge.Status.choices),
        MODE,
    ),
    order=("-generation_id",),
    look_through=LOOK_THROUGH,
    empty=_("A job is charged when it ends."),
)


@operator_page(section="charges")
def charges(request: HttpRequest) -> HttpResponse:
    return list_page(request, CHARGES)


@operator_page(OperatorPermission.MONEY, section="charges")
def charge_act(request: HttpRequest, generation_id: str, act: str) -> HttpResponse:
    sight = find_or_404(ids.GENERATION, generation_id, charge_in_sight)
    if act not in ACTS:
        raise Http404
    form = ACTS[act](request.POST or None, sight=sight)
    to_list = request.GET.get("back") == "list"
    # without a fragment: a browser that is on the page would only scroll to it
    back = f"{reverse('admin:charges')}?flagged=open" if to_list else reverse("admin:job", args=[generation_id])
    extra = {"sight": "admin/charges/sight.html", "of": sight, "lines": sight_lines(sight)}
    return operator_act(request, form, back=back, extra=extra)
