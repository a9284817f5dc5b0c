"""What is stored by whom, and legal holds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import StorageUse
from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.storage.acts import ReleaseHold, SetHold
from cavendish.above.admin.storage.selectors import (
    NEARLY_FULL,
    legal_holds,
    legal_holds_open,
    quota_of,
    storage_growth,
    storage_state,
    storage_uses,
)
from cavendish.above.ui import charts, formats
from cavendish.above.ui.cells import created, unseen
from cavendish.above.ui.lists import Column, Filter, List, list_page
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids
from generations.models import LegalHold


def _share(use: StorageUse) -> float | None:
    quota = quota_of(use.tenant)
    return use.bytes / quota if quota else None


def _quota(use: StorageUse) -> Any:
    quota = quota_of(use.tenant)
    return formats.size(quota) if quota else format_html('<span class="quiet">{}</span>', _("no limit"))


def _bar(use: StorageUse) -> Any:
    share = _share(use)
    if share is None:
        return ""
    return format_html('<div class="share">{}</div>', charts.meter([("bad" if share >= NEARLY_FULL else "1", share)]))


def _percent(use: StorageUse) -> Any:
    share = _share(use)
    if share is None:
        return "–"
    return format_html('<b class="bad">{}</b>' if share >= NEARLY_FULL else "{}", formats.percent(share))


TENANTS: List[StorageUse] = List(
    title=_("By tenant"),
    rows=storage_uses,
    columns=(
        Column(_("Tenant"), tenant_link, kind="th"),
        Column(_("Stored"), lambda use: formats.size(use.bytes), kind="r"),
        Column(_("Quota"), _quota, kind="r", wide=True),
        Column(_("Of it"), _percent, kind="r"),
        Column(unseen(_("Share")), _bar, wide=True),
    ),
    filters=(TENANT,),
    order=("-bytes", "-tenant_id"),
    empty=_("Pictures stand here once a job has made some."),
)  # fmt: skip


def _held(hold: LegalHold) -> Any:
    return link(ids.GENERATION, hold.generation_id) if hold.generation_id else _("everything")


def _hold_state(hold: LegalHold) -> Any:
    if hold.released_at is None:
        return formats.status("waiting", str(_("In force")))
    return formats.status("off", str(_("Released")))


def _release(hold: LegalHold) -> Any:
    if hold.released_at is not None:
        return formats.ago(hold.released_at)
    address = reverse("admin:legal_hold_release", args=[ids.encode(ids.LEGAL_HOLD, hold.id)])
    action = {"address": address, "word": ReleaseHold.word, "of": hold.tenant.name, "dialog": True, "small": True}
    return render_to_string("ui/action.html", {"action": action})


def _in_state(rows: QuerySet[LegalHold], value: str) -> QuerySet[LegalHold]:
    return rows.filter(released_at__isnull=value == "open")


HOLDS = (
    Column[LegalHold](pgettext_lazy("time", "Set"), created),
    Column[LegalHold](_("Tenant"), tenant_link, kind="th"),
    Column[LegalHold](_("Held"), _held),
    Column[LegalHold](_("State"), _hold_state),
    Column[LegalHold](_("Reason"), lambda hold: format_html('<span class="wrap">{}</span>', hold.reason), wide=True),
)
RELEASE: Column[LegalHold] = Column(unseen(_("Act")), _release, kind="r")


@operator_page(section="storage")
def storage(request: HttpRequest) -> HttpResponse:
    context = {
        "state": storage_state(),
        "growth": storage_growth(),
        "holds": legal_holds_open(),
        "quota": settings.STORAGE_QUOTA_BYTES,
        "subnav": "storage",
    }
    return list_page(request, TENANTS, template="admin/storage/storage.html", context=context)


@operator_page(section="storage")
def holds(request: HttpRequest) -> HttpResponse:
    may = operator_can(operator_of(request), OperatorPermission.ERASE)
    in_force = legal_holds_open()
    table: List[LegalHold] = List(
        title=_("Legal holds"),
        rows=legal_holds,
        columns=(*HOLDS, RELEASE) if may else HOLDS,
        filters=(
            TENANT,
            Filter("state", _("State"), _in_state, choices=(("open", _("In force")), ("released", _("Released")))),
        ),
        empty=_("A legal hold keeps a job, or everything of a tenant, from being deleted."),
    )
    address = reverse("admin:legal_hold_new")
    context = {
        "actions": [{"address": address, "word": SetHold.word, "main": True, "dialog": True}] if may else [],
        "in_force": in_force,
        "subnav": "legal_holds",
    }
    return list_page(request, table, template="admin/storage/holds.html", context=context)


@operator_page(OperatorPermission.ERASE, section="storage")
def hold_new(request: HttpRequest) -> HttpResponse:
    return operator_act(request, SetHold(request.POST or None), back=reverse("admin:legal_holds"))


@operator_page(OperatorPermission.ERASE, section="storage")
def hold_release(request: HttpRequest, hold_id: str) -> HttpResponse:
    row = row_or_404(ids.LEGAL_HOLD, hold_id, legal_holds())
    return operator_act(request, ReleaseHold(request.POST or None, hold=row), back=reverse("admin:legal_holds"))
