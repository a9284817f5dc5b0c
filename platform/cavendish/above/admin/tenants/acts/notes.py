"""What operators write down about a tenant, for each other."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import TenantNote
from accounts.models.note import MAX_NOTE_CHARS
from accounts.policy.services import policy_accept
from accounts.roles.operators import OperatorPermission
from accounts.tenants.note_services import tenant_note_add, tenant_note_remove
from cavendish.above.admin.tenants.acts.base import TenantAct


class AddNote(TenantAct):
    word, heading = _("Add note"), _("Note about %s")
    permission = OperatorPermission.TENANTS
    text = _("Operators see it, the tenant never does.")

    note = forms.CharField(label=_("Note"), max_length=MAX_NOTE_CHARS, widget=forms.Textarea(attrs={"rows": 4}))

    def run(self, actor: Actor) -> str:
        tenant_note_add(tenant_id=self.tenant.id, text=self.cleaned_data["note"], actor=actor)
        return gettext("The note was added.")


class RemoveNote(TenantAct):
    word, heading, danger = _("Remove note"), _("Remove a note about %s"), True
    permission = OperatorPermission.TENANTS

    def __init__(self, *args: Any, item: TenantNote, **options: Any) -> None:
        self.note = item
        self.text = item.text
        super().__init__(*args, **options)

    def run(self, actor: Actor) -> str:
        tenant_note_remove(tenant_id=self.tenant.id, note_id=self.note.id, actor=actor)
        return gettext("The note was removed.")


class AcceptPolicy(TenantAct):
    word, heading = _("Accept policy"), _("Accept the use policy for %s")
    permission = OperatorPermission.TENANTS
    text = _("Live jobs take an accepted policy. Who accepted it on paper?")

    accepted_by = forms.CharField(label=_("Accepted by"), max_length=200)

    def run(self, actor: Actor) -> str:
        version, name = settings.POLICY_VERSION, self.cleaned_data["accepted_by"]
        policy_accept(tenant_id=self.tenant.id, version=version, accepted_by=name, actor=actor)
        return gettext("The use policy %s is accepted.") % version
