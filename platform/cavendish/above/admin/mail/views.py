"""The outbox of mails: what waits, what failed, what was sent. Texts are not shown: they may hold secrets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.links import TENANT, link
from cavendish.above.admin.mail.acts import SendAgain
from cavendish.above.admin.mail.selectors import MailOutbox, MailState, mail_find, mail_outbox, mails, mails_in
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import SINCE, UNTIL, created, unseen
from cavendish.above.ui.lists import Column, Filter, List, list_page
from cavendish.db import ids
from cavendish.mail.models import Mail

TONES = {"queued": "waiting", "sent": "good", "failed": "bad"}
WORDS = {"queued": _("Waiting"), "sent": _("Sent"), "failed": _("Failed")}
STATES = (
    (MailState.WAITING, _("Waiting")),
    (MailState.RETRYING, _("Waiting, failed before")),
    (MailState.FAILED, _("Failed")),
    (MailState.SENT, _("Sent")),
)


def _to(rows: QuerySet[Mail], text: str) -> QuerySet[Mail]:
    return rows.filter(to__contains=[text.lower()])


def _state(mail: Mail) -> Any:
    return formats.status(TONES[mail.status], str(WORDS[mail.status]))


def _error(mail: Mail) -> Any:
    return format_html('<span class="bad">{}</span>', mail.error) if mail.error and mail.status != "sent" else "–"


def _act(mail: Mail) -> Any:
    """Returns the button of a mail that waits; of one that failed its source, since its text is erased."""
    if mail.status == Mail.Status.FAILED:
        return format_html('<span class="quiet">{}</span>', _("text erased"))
    if mail.status != Mail.Status.QUEUED:
        return ""
    address = reverse("admin:mail_send_again", args=[mail.id])
    action = {"address": address, "word": SendAgain.word, "of": mail.subject, "dialog": True, "small": True}
    return render_to_string("ui/action.html", {"action": action})


COLUMNS = (
    Column[Mail](_("Age"), created),
    Column[Mail](_("Subject"), lambda mail: format_html('<span class="cut">{}</span>', mail.subject), kind="th"),
    Column[Mail](
        pgettext_lazy("recipients", "To"),
        lambda mail: format_html('<span class="cut">{}</span>', ", ".join(mail.to)),
        wide=True,
    ),
    Column[Mail](_("State"), _state),
    Column[Mail](_("Attempts"), lambda mail: formats.count(mail.attempts), kind="r", wide=True),
    Column[Mail](_("Error"), _error, wide=True),
    Column[Mail](_("Tenant"), lambda mail: link(ids.TENANT, mail.tenant_id), wide=True),
)
ACT: Column[Mail] = Column(unseen(_("Act")), _act, kind="r")


def _heading(outbox: MailOutbox) -> str:
    if outbox.retrying:
        return ngettext("%d mail is tried again", "%d mails are tried again", outbox.retrying) % outbox.retrying
    if outbox.failed:
        return ngettext("%d mail could not be sent", "%d mails could not be sent", outbox.failed) % outbox.failed
    if outbox.waiting:
        return ngettext("%d mail waits", "%d mails wait", outbox.waiting) % outbox.waiting
    return gettext("No mail waits")


@operator_page(section="mail")
def mail(request: HttpRequest) -> HttpResponse:
    outbox = mail_outbox()
    may = operator_can(operator_of(request), OperatorPermission.PLATFORM)
    table: List[Mail] = List(
        title=_heading(outbox),
        rows=mails,
        columns=(*COLUMNS, ACT) if may else COLUMNS,
        filters=(
            Filter("status", _("State"), lambda rows, value: mails_in(rows, MailState(value)), choices=STATES),
            Filter("to", _("Recipient"), _to, kind="email", placeholder="ada@example.com"),
            TENANT,
            SINCE,
            UNTIL,
        ),
        empty=_("Invitations, alerts and invoices stand here once they are sent."),
    )
    return list_page(request, table, template="admin/mail/mail.html", context={"outbox": outbox})


@operator_page(OperatorPermission.PLATFORM, section="mail")
def send_again(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    row = mail_find(mail_id)
    if row is None:
        raise Http404
    return operator_act(request, SendAgain(request.POST or None, mail=row), back=reverse("admin:mail"))
