"""The lists of members and of invitations."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.invitations.representation import STATUSES, invitation_json
from accounts.members.selectors import members_listed
from accounts.models import Invitation, Role
from accounts.roles.permissions import Permission
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.cells import in_row, unseen
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, Filter, List, equals
from cavendish.db import ids

INVITATION_STATES = {
    "open": ("waiting", pgettext_lazy("invitation", "Open")),
    "accepted": ("good", pgettext_lazy("invitation", "Accepted")),
    "expired": ("off", _("Expired")),
    "revoked": ("off", pgettext_lazy("invitation", "Revoked")),
}


SHOWN = (
    (Role.OWNER, _("Owners")), (Role.ADMIN, _("Admins")), (Role.DEVELOPER, _("Developers")),
    (Role.BILLING, _("Billing")), (Role.VIEWER, _("Viewers")),
)  # fmt: skip


def may_change(work: Workplace, role: str) -> bool:
    """Returns whether the person may change or remove a member of this role, or take back such an invitation."""
    return work.may(Permission.OWNERS) or (work.may(Permission.MEMBERS) and role != Role.OWNER)


def roles_given(work: Workplace) -> list[str]:
    """Returns the roles that the person may give."""
    return [role for role in Role.values if role != Role.OWNER or work.may(Permission.OWNERS)]


def two_factor(has: bool) -> SafeString:
    return formats.status("good", gettext("On")) if has else formats.status("off", gettext("Off"))


def members(work: Workplace) -> List[Any]:
    return List(
        title=_("Members"),
        rows=lambda: members_listed(work.tenant_id),
        columns=(
            Column(_("Person"), lambda row: _person(work, row), kind="th"),
            Column(_("Role"), lambda row: label(Role(row.role).label)),
            Column(_("Second factor"), lambda row: two_factor(row.has_two_factors), wide=True),
            Column(_("Last seen"), lambda row: formats.ago(row.last_seen_at) if row.last_seen_at else "–", wide=True),
            Column(_("Member since"), _since, wide=True),
            Column(unseen(_("Acts")), lambda row: _member_acts(work, row), kind="r"),
        ),
        filters=(
            Filter("q", _("Search"), _by_name, placeholder=_("Name or email")),
            Filter("role", _("Show"), equals("role"), choices=SHOWN),
            Filter("two_factor", _("Second factor"), _by_factor, choices=(("on", _("On")), ("off", _("Off")))),
        ),
    )


def invitations(work: Workplace) -> List[Invitation]:
    return List(
        title=_("Members"),
        rows=lambda: Invitation.objects.filter(tenant_id=work.tenant_id).select_related("created_by"),
        columns=(
            Column(_("Email"), _invited, kind="th"),
            Column(_("Role"), lambda row: label(Role(row.role).label)),
            Column(_("State"), _state),
            Column(_("Last email"), lambda row: formats.ago(row.sent_at), wide=True),
            Column(_("Link until"), lambda row: formats.moment(row.expires_at), wide=True),
            Column(unseen(_("Acts")), lambda row: _invitation_acts(work, row), kind="r"),
        ),
        filters=(
            Filter("email", _("Search"), lambda rows, text: rows.filter(email__icontains=text), placeholder=_("Email")),
            Filter(
                "state", _("State"), lambda rows, value: rows.filter(STATUSES[value]()),
                choices=[(name, word) for name, (_tone, word) in INVITATION_STATES.items()],
            ),
        ),
        empty=_("People you invite get an email with a link, and are listed here until they join."),
    )  # fmt: skip


def _by_name(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    return rows.filter(Q(user__email__icontains=text) | Q(user__name__icontains=text))


def _by_factor(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(has_two_factors=value == "on")


def _person(work: Workplace, row: Any) -> SafeString:
    you = format_html(' <span class="tag">{}</span>', _("You")) if row.user_id == work.person.id else ""
    closed = format_html(' <span class="tag">{}</span>', _("Account closed")) if not row.user.is_active else ""
    if not row.user.name:
        return format_html('<span class="who"><span class="who-line">{}{}{}</span></span>', row.user.email, you, closed)
    return format_html(
        '<span class="who"><span class="who-line">{}{}{}</span><span class="quiet">{}</span></span>',
        row.user.name, you, closed, row.user.email,
    )  # fmt: skip


def _since(row: Any) -> str:
    return formats.day(timezone.localdate(row.created_at), year=True)


def _member_acts(work: Workplace, row: Any) -> Any:
    person, of = ids.encode(ids.USER, row.user_id), row.user.email
    offered = []
    if may_change(work, row.role):
        offered.append(("member_role", _("Change role")))
    if row.user_id == work.person.id:
        offered.append(("member_leave", _("Leave")))
    elif may_change(work, row.role):
        offered.append(("member_remove", _("Remove")))
    return in_row(
        {"address": reverse(f"console:{view}", args=[person]), "word": word, "of": of, "dialog": True, "small": True}
        for view, word in offered
    )


def _state(row: Invitation) -> SafeString:
    tone, word = INVITATION_STATES[invitation_json(row)["status"]]
    return formats.status(tone, str(word))


def _invited(row: Invitation) -> SafeString:
    if row.created_by is not None:
        by = row.created_by.name or row.created_by.email
    else:
        by = gettext("an API key") if row.created_by_key_id else gettext("the operator")
    return format_html(
        '<span class="who"><span>{}</span><span class="quiet">{}</span></span>', row.email, gettext("by %s") % by
    )


def _invitation_acts(work: Workplace, row: Invitation) -> Any:
    status = invitation_json(row)["status"]
    if status not in {"open", "expired"} or not may_change(work, row.role):
        return ""
    public = ids.encode(ids.INVITATION, row.id)
    return in_row(
        {"address": reverse(f"console:{view}", args=[public]), "word": word, "of": row.email, "dialog": True,
         "small": True}
        for view, word in (
            ("invitation_resend", _("Send again")), ("invitation_revoke", pgettext("invitation", "Revoke")),
        )
    )  # fmt: skip
