"""Create, rotate and revoke a tenant's keys. A secret is shown once, with a snippet that runs as pasted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.keys.services import api_key_create, api_key_revoke, api_key_rotate
from accounts.models import ApiKey
from accounts.roles.operators import OperatorPermission
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.first_call import first_calls
from cavendish.above.ui.labels import SCOPES
from cavendish.above.ui.marks import in_brackets
from cavendish.above.ui.secret_page import secret_page


class KeyAct(TenantAct):
    permission = OperatorPermission.KEYS
    request: HttpRequest
    back: str

    def secret_page(self, row: ApiKey, secret: str) -> HttpResponse:
        """Returns the one page that shows the secret."""
        snippets = first_calls(
            base_url=settings.BASE_URL, secret=secret, scopes=row.scopes, models=row.allowed_models or ()
        )
        title = gettext("The secret of %s") % row.name
        return secret_page(self.request, title=title, secret=secret, back=self.back, snippets=snippets)


class CreateKey(KeyAct):
    word, heading = _("Create key"), _("Create a key for %s")

    name = forms.CharField(label=_("Name"), max_length=100)
    mode = forms.ChoiceField(
        label=_("Mode"), choices=[("live", _("Live")), ("test", _("Test"))], widget=forms.RadioSelect, initial="live"
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=list(SCOPES.items()), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None selected: all that its mode can have."),
    )  # fmt: skip

    def run(self, actor: Actor) -> HttpResponse:
        values = self.cleaned_data
        row, secret = api_key_create(
            tenant_id=self.tenant.id,
            name=values["name"],
            livemode=values["mode"] == "live",
            scopes=values["scopes"] or None,
            actor=actor,
        )
        return self.secret_page(row, secret)


class OneKey(KeyAct):
    def __init__(self, *args: Any, item: ApiKey, **options: Any) -> None:
        self.key = item
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%k", in_brackets(self.key.name, self.key.prefix))


class RotateKey(OneKey):
    word, heading = _("Rotate"), _("Rotate %k")
    text = _("A new secret begins at once; the old one works for 24 hours more.")

    def run(self, actor: Actor) -> HttpResponse:
        row, secret = api_key_rotate(tenant_id=self.tenant.id, key_id=self.key.id, actor=actor)
        return self.secret_page(row, secret)


class RevokeKey(OneKey):
    word, heading, danger = _("Revoke"), _("Revoke %k"), True
    text = _("Requests with it are refused from now on. This cannot be undone.")

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Stands in the audit log."))

    def run(self, actor: Actor) -> str:
        api_key_revoke(tenant_id=self.tenant.id, key_id=self.key.id, reason=self.cleaned_data["reason"], actor=actor)
        return gettext("%s is revoked.") % self.key.prefix
