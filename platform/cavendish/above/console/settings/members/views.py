"""Members and invitations."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.invitations.representation import STATUSES
from accounts.models import ApiKey, Invitation, Membership
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.members import acts, lists
from cavendish.above.console.settings.pages import acting, listed, settings_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.public_ids import find_or_404, row_or_404
from cavendish.db import ids

page = settings_page(Permission.MEMBERS, current="members")


@page
def members(request: HttpRequest, work: Workplace) -> HttpResponse:
    return _list(request, work, lists.members(work), current="members")


@page
def invitations(request: HttpRequest, work: Workplace) -> HttpResponse:
    return _list(request, work, lists.invitations(work), current="invitations")


def _list(request: HttpRequest, work: Workplace, table: Any, *, current: str) -> HttpResponse:
    with work.reading():
        people = Membership.objects.filter(tenant_id=work.tenant_id).count()
        still_open = Invitation.objects.filter(STATUSES["open"](), tenant_id=work.tenant_id).count()
    tabs = [
        (reverse("console:members"), _("Members"), people, current == "members"),
        (reverse("console:invitations"), _("Invitations"), still_open, current == "invitations"),
    ]
    invite = {"address": reverse("console:member_invite"), "word": _("Invite"), "main": True, "dialog": True}
    return listed(request, work, table, tabs=tabs, actions=[invite])


@page
def member_invite(request: HttpRequest, work: Workplace) -> HttpResponse:
    back = reverse("console:invitations")
    return acting(request, work, acts.Invite, back=back, roles=lists.roles_given(work))


@page
def member_role(request: HttpRequest, work: Workplace, member_id: str) -> HttpResponse:
    member, keys = _member(work, member_id)
    options = {"member": member, "keys": keys, "roles": lists.roles_given(work)}
    return acting(request, work, acts.ChangeRole, back=reverse("console:members"), **options)


@page
def member_remove(request: HttpRequest, work: Workplace, member_id: str) -> HttpResponse:
    member, keys = _member(work, member_id)
    return acting(request, work, acts.Remove, back=reverse("console:members"), member=member, keys=keys)


@settings_page(None, current="security")
def member_leave(request: HttpRequest, work: Workplace, member_id: str) -> HttpResponse:
    member, keys = _member(work, member_id)
    if member.user_id != work.person.id:
        raise Http404
    return acting(request, work, acts.Leave, back=reverse("console:security"), member=member, keys=keys)


@page
def invitation_resend(request: HttpRequest, work: Workplace, invitation_id: str) -> HttpResponse:
    return _invitation(request, work, invitation_id, acts.Resend)


@page
def invitation_revoke(request: HttpRequest, work: Workplace, invitation_id: str) -> HttpResponse:
    return _invitation(request, work, invitation_id, acts.Revoke)


def _member(work: Workplace, public: str) -> tuple[Membership, int]:
    """Returns a member, and how many keys that still work count for them."""
    with work.reading():
        rows = Membership.objects.filter(tenant_id=work.tenant_id).select_related("user")
        member: Membership = find_or_404(ids.USER, public, lambda user_id: rows.filter(user_id=user_id).first())
        keys = ApiKey.objects.filter(tenant_id=work.tenant_id, member_id=member.user_id, revoked_at=None).count()
    return member, keys


def _invitation(request: HttpRequest, work: Workplace, public: str, act: type[acts.InvitationAct]) -> HttpResponse:
    with work.reading():
        invitation = row_or_404(ids.INVITATION, public, Invitation.objects.filter(tenant_id=work.tenant_id))
    return acting(request, work, act, back=reverse("console:invitations"), invitation=invitation)
