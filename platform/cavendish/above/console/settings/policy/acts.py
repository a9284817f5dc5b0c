"""Accept the use policy for the tenant."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.policy.services import policy_accept
from cavendish.above.console.settings.pages import SettingsAct


class AcceptPolicy(SettingsAct):
    """`version` is the one that was shown: another one that came meanwhile is not accepted by it."""

    word = _("Accept")
    text = _("For all members and all keys. It is noted who accepted it, and when.")

    version = forms.CharField(widget=forms.HiddenInput, max_length=32)

    @property
    def title(self) -> str:
        return gettext("Accept the use policy for %s") % self.work.membership.name

    def run(self, actor: Actor) -> str:
        policy_accept(tenant_id=self.work.tenant_id, version=self.cleaned_data["version"], actor=actor)
        return gettext("Use policy accepted. %s can now run live jobs.") % self.work.membership.name


def policy_context(version: str) -> dict[str, object]:
    """Returns what the policy's text needs."""
    current = settings.POLICY_VERSION
    return {"version": current, "url": settings.POLICY_URL, "accepted": version == current}
