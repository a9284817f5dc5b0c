"""The mail outbox."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from cavendish.above.admin.links import SINCE, UNTIL, created, link
from cavendish.above.admin.pages import operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.db import ids
from cavendish.mail.models import Mail

TONES = {"queued": "waiting", "sent": "good", "failed": "bad"}


def _to(rows: QuerySet[Mail], text: str) -> QuerySet[Mail]:
    return rows.filter(to__contains=[text.lower()])


def mail_state(mail: Mail) -> Any:
    return formats.status(TONES[mail.status], mail.get_status_display())


MAILS: List[Mail] = List(
    title=_("Mail"),
    rows=lambda: Mail.objects.all(),
    columns=(
        Column(_("Age"), created),
        Column(_("Subject"), lambda mail: mail.subject, kind="th"),
        Column(_("To"), lambda mail: ", ".join(mail.to)),
        Column(_("State"), mail_state),
        Column(_("Attempts"), lambda mail: formats.count(mail.attempts), kind="r", wide=True),
        Column(_("Error"), lambda mail: mail.error, wide=True),
        Column(_("Tenant"), lambda mail: link(ids.TENANT, mail.tenant_id), wide=True),
    ),
    filters=(
        Filter("status", _("State"), equals("status"), choices=Mail.Status.choices),
        Filter("to", _("To"), _to, kind="email", placeholder="ada@example.com"),
        SINCE,
        UNTIL,
    ),
    empty=_("Invitations, alerts and invoices stand here once they are sent."),
)


@operator_page(section="mail")
def mail(request: HttpRequest) -> HttpResponse:
    return list_page(request, MAILS)
