"""Invite, change a role, remove a member; and the operators' notes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.invitations.services import invitation_create, invitation_resend, invitation_revoke
from accounts.members.services import membership_remove, membership_role_change
from accounts.models import Invitation, Membership, Role, User
from accounts.roles.operators import OperatorPermission
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.labels import label, labelled


class Invite(TenantAct):
    word, heading = _("Invite"), _("Invite somebody to %s")
    permission = OperatorPermission.TENANTS

    email = forms.EmailField(label=_("Email"))
    role = forms.ChoiceField(label=_("Role"), choices=labelled(Role.choices), initial=Role.DEVELOPER)

    def run(self, actor: Actor) -> str:
        email = self.cleaned_data["email"]
        invitation_create(tenant_id=self.tenant.id, email=email, role=Role(self.cleaned_data["role"]), actor=actor)
        return str(gettext("%s is invited by mail.")) % str(email)


class MemberAct(TenantAct):
    permission = OperatorPermission.TENANTS

    def __init__(self, *args: Any, item: Membership, **options: Any) -> None:
        self.membership = item
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        person: User = self.membership.user
        name = str(person.name or person.email)
        return str(self.heading).replace("%p", name).replace("%s", self.tenant.name)


class ChangeRole(MemberAct):
    word, heading = _("Change role"), _("Change the role of %p")

    role = forms.ChoiceField(label=_("Role"), choices=labelled(Role.choices))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].initial = self.membership.role

    def preview(self) -> Preview:
        after = Role(self.cleaned_data["role"])
        return Preview([Change(gettext("Role"), label(Role(self.membership.role).label), label(after.label))])

    def run(self, actor: Actor) -> str:
        role = Role(self.cleaned_data["role"])
        membership_role_change(tenant_id=self.tenant.id, user_id=self.membership.user_id, role=role, actor=actor)
        return gettext("The role was changed.")


class RemoveMember(MemberAct):
    word, heading, danger = _("Remove"), _("Remove %p from %s"), True
    text = _("Their keys are revoked at once. The account stays; they can be invited again.")

    def run(self, actor: Actor) -> str:
        membership_remove(tenant_id=self.tenant.id, user_id=self.membership.user_id, actor=actor)
        return gettext("%s was removed.") % (self.membership.user.name or self.membership.user.email)


class InvitationAct(TenantAct):
    permission = OperatorPermission.TENANTS

    def __init__(self, *args: Any, item: Invitation, **options: Any) -> None:
        self.invitation = item
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%p", self.invitation.email)


class ResendInvitation(InvitationAct):
    word, heading = _("Send again"), _("Send the invitation of %p again")

    def run(self, actor: Actor) -> str:
        invitation_resend(tenant_id=self.tenant.id, invitation_id=self.invitation.id, actor=actor)
        return gettext("The invitation was sent again.")


class RevokeInvitation(InvitationAct):
    word, heading, danger = pgettext_lazy("invitation", "Revoke"), _("Revoke the invitation of %p"), True

    def run(self, actor: Actor) -> str:
        invitation_revoke(tenant_id=self.tenant.id, invitation_id=self.invitation.id, actor=actor)
        return gettext("The invitation was revoked.")
