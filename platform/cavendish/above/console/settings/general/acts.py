"""Change the tenant's name, its origins and its test keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import Tenant
from accounts.tenants.services import tenant_update
from cavendish.above.console.settings.pages import SettingsAct
from cavendish.above.ui.forms import LinesField

ORIGIN_HELP = _("One per line, like https://app.example.com. Empty: none.")


class TenantAct(SettingsAct):
    """Changes settings of the tenant; `names` are their fields, whose values the form has."""

    word = _("Save")
    names: tuple[str, ...] = ()

    def __init__(self, *args: Any, tenant: Tenant, **options: Any) -> None:
        self.tenant = tenant
        options.setdefault("initial", {name: getattr(tenant, name) for name in self.names})
        super().__init__(*args, **options)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.names}

    def run(self, actor: Actor) -> str:
        changed = {name: value for name, value in self.values().items() if value != getattr(self.tenant, name)}
        if changed:
            tenant_update(tenant_id=self.tenant.id, changed=changed, actor=actor)
        return gettext("Saved.")


class Rename(TenantAct):
    heading, names = _("Rename the tenant"), ("name",)
    text = _("Shown on pages and in emails. The slug and the ids stay.")

    name = forms.CharField(label=_("Name"), max_length=200)


class ScriptOrigins(TenantAct):
    heading, names = _("Origins whose scripts may use the API"), ("allowed_origins",)
    text = _("A key in a page is everybody's key: give it few permissions, a budget and a short life.")

    allowed_origins = LinesField(label=_("Origins"), required=False, help_text=ORIGIN_HELP)


class FrameOrigins(TenantAct):
    heading, names = _("Origins whose pages may embed display pages"), ("frame_origins",)

    frame_origins = LinesField(label=_("Origins"), required=False, help_text=ORIGIN_HELP)


class TestKeysOff(TenantAct):
    word, heading = _("Switch off"), _("Switch off test mode")
    text = _("Test keys are refused from now on, and the console shows live mode alone. What exists stays.")

    def values(self) -> dict[str, Any]:
        return {"test_keys_enabled": False}


class TestKeysOn(TenantAct):
    word, heading = _("Switch on"), _("Switch on test mode")
    text = _("Test keys work again. They get samples from the sandbox, and nothing is charged.")

    def values(self) -> dict[str, Any]:
        return {"test_keys_enabled": True}
