"""The ledger: balanced movements of money, newest first."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from billing.models import LedgerEntry, LedgerTransaction
from cavendish.above.admin.links import MODE, SINCE, TENANT, UNTIL, link, tenant_link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.db import ids


def _rows() -> QuerySet[LedgerTransaction]:
    sides = LedgerEntry.objects.filter(transaction=OuterRef("pk"), account="wallet").values("transaction")
    wallet = Subquery(sides.annotate(sum=Sum("amount")).values("sum"))
    currency = Subquery(LedgerEntry.objects.filter(transaction=OuterRef("pk")).values("currency")[:1])
    rows: QuerySet[LedgerTransaction] = LedgerTransaction.objects.select_related("tenant")
    return rows.annotate(wallet=wallet, currency=currency)


def _wallet(row: Any) -> str:
    return formats.money(row.wallet, row.currency or "", digits=4, plus=True) if row.wallet is not None else "–"


LEDGER: List[LedgerTransaction] = List(
    title=_("Ledger"),
    rows=_rows,
    columns=(
        Column(_("When"), lambda row: formats.moment(row.at)),
        Column(_("Movement"), lambda row: row.get_kind_display(), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("On the wallet"), _wallet, kind="r"),
        Column(_("Reason"), lambda row: row.reason[:80], wide=True),
        Column(_("Job"), lambda row: link(ids.GENERATION, row.generation_id), wide=True),
        Column(_("By"), lambda row: row.actor[:40] or "–", wide=True),
    ),
    filters=(
        TENANT,
        Filter("kind", _("Movement"), equals("kind"), choices=LedgerTransaction.Kind.choices),
        Filter("reference", _("Reference"), equals("reference")),
        MODE,
        SINCE,
        UNTIL,
    ),
    empty=_("Money moves with the first top-up or charge."),
)


@operator_page(section="ledger")
def ledger(request: HttpRequest) -> HttpResponse:
    return list_page(request, LEDGER)
