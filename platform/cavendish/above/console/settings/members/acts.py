"""Invite people, change their roles, remove them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.invitations.services import VALID_FOR, invitation_create, invitation_resend, invitation_revoke
from accounts.members.services import membership_remove, membership_role_change
from accounts.models import Invitation, Membership, Role
from cavendish.above.console.settings.pages import SettingsAct
from cavendish.above.console.settings.words import ROLES, numbered, roles_explained
from cavendish.above.ui.acts import Change, Preview
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import sentences
from cavendish.above.ui.scripts import towards


class RoleAct(SettingsAct):
    """An act with a role; `roles` are those that the person may give."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["role"]
        field.choices = [(role, label(Role(role).label)) for role in roles]
        field.help_text = roles_explained(roles)


class Invite(RoleAct):
    word, heading = _("Invite"), _("Invite a person")

    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ("email", "role")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].initial = Role.DEVELOPER
        self.text = gettext("They get an email with a link that works once, for %d days.") % VALID_FOR.days

    def run(self, actor: Actor) -> str:
        email: str = self.cleaned_data["email"]
        role = Role(self.cleaned_data["role"])
        invitation_create(tenant_id=self.work.tenant_id, email=email, role=role, actor=actor)
        return gettext("%s is invited. The email is on its way.") % email


class MemberAct(SettingsAct):
    """An act on a member; `keys` are how many keys count for that person."""

    def __init__(self, *args: Any, member: Membership, keys: int = 0, **options: Any) -> None:
        self.member, self.keys = member, keys
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.member.user.name or self.member.user.email)


class ChangeRole(MemberAct, RoleAct):
    word, heading = _("Change role"), _("Change the role of %s")

    def __init__(self, *args: Any, member: Membership, **options: Any) -> None:
        options.setdefault("initial", {"role": member.role})
        super().__init__(*args, member=member, **options)

    def preview(self) -> Preview:
        after = Role(self.cleaned_data["role"])
        changes = [Change(gettext("Role"), label(Role(self.member.role).label), label(after.label))]
        notes = [str(ROLES[after])]
        if self.keys and after != self.member.role:
            notes.append(gettext("Their keys can never do more than the new role allows."))
        return Preview(changes, notes if after != self.member.role else [])

    def run(self, actor: Actor) -> str:
        role = Role(self.cleaned_data["role"])
        membership_role_change(tenant_id=self.work.tenant_id, user_id=self.member.user_id, role=role, actor=actor)
        return gettext("%(person)s is now: %(role)s.") % {
            "person": self.member.user.email, "role": label(role.label),
        }  # fmt: skip


def _ends(keys: int) -> str:
    if not keys:
        return gettext("No keys are affected.")
    text = ngettext(
        "One key that counts for this person is revoked at once: requests with it are refused.",
        "%d keys that count for this person are revoked at once: requests with them are refused.",
        keys,
    )
    return numbered(text, keys)


class Remove(MemberAct):
    word, heading, danger = _("Remove"), _("Remove %s"), True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        stays = gettext("They lose access to this tenant. Jobs and pictures stay.")
        self.text = sentences(stays, _ends(self.keys))

    def run(self, actor: Actor) -> str:
        membership_remove(tenant_id=self.work.tenant_id, user_id=self.member.user_id, actor=actor)
        return gettext("%s is no longer a member.") % self.member.user.email


class Leave(MemberAct):
    word, danger = _("Leave"), True

    @property
    def title(self) -> str:
        return gettext("Leave %s") % self.work.membership.name

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        again = gettext("You lose access to this tenant until somebody invites you again.")
        self.text = sentences(again, _ends(self.keys))

    def run(self, actor: Actor) -> HttpResponse:
        membership_remove(tenant_id=self.work.tenant_id, user_id=self.member.user_id, actor=actor)
        messages.success(self.request, gettext("You have left %s.") % self.work.membership.name)
        return towards(self.request, reverse("account_home"))


class InvitationAct(SettingsAct):
    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        self.invitation = invitation
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.invitation.email)


class Resend(InvitationAct):
    word, heading = _("Send again"), _("Send the invitation of %s again")
    text = _("The new email has a new link, for seven days more. The link in the earlier one ends.")

    def run(self, actor: Actor) -> str:
        invitation_resend(tenant_id=self.work.tenant_id, invitation_id=self.invitation.id, actor=actor)
        return gettext("The email to %s is on its way.") % self.invitation.email


class Revoke(InvitationAct):
    word, heading, danger = pgettext_lazy("invitation", "Revoke"), _("Revoke the invitation of %s"), True
    text = _("The link in their email ends. You can invite them again.")

    def run(self, actor: Actor) -> str:
        invitation_revoke(tenant_id=self.work.tenant_id, invitation_id=self.invitation.id, actor=actor)
        return gettext("The invitation of %s is revoked.") % self.invitation.email
