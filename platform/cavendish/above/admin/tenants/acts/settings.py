"""Create a tenant; change its limits, its retention and what it may use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.billing_port import STANDARD_PLAN, billing
from accounts.models import Tenant
from accounts.roles.checks import image_sizes, model_ids
from accounts.roles.operators import OperatorPermission
from accounts.tenants.services import tenant_open, tenant_update_as_operator
from cavendish.above.admin.tenants.acts.base import TenantAct
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.forms import AmountField, LinesField
from cavendish.above.ui.marks import listed

WHOLE = forms.NumberInput(attrs={"min": 0, "inputmode": "numeric"})

LABELS = {
    "name": _("Name"),
    "concurrency_limit": _("Jobs at once"),
    "queue_limit": _("Jobs waiting"),
    "weight": _("Share of the workers"),
    "requests_per_minute": _("Requests a minute"),
    "images_per_minute": _("Pictures a minute"),
    "allowed_models": _("Models"),
    "allowed_sizes": _("Sizes"),
    "storage_quota_bytes": _("Storage, bytes"),
    "test_keys_enabled": _("Test keys"),
    "test_daily_requests": _("Test requests a day"),
    "test_daily_bytes": _("Test bytes a day"),
    "output_retention_days": _("Keep outputs, days"),
    "input_retention_days": _("Keep inputs, days"),
    "billing_timezone": _("Time zone of billing"),
    "allowed_origins": _("Origins of scripts"),
    "frame_origins": _("Origins of frames"),
    "requires_two_factor": _("Second factor for all members"),
}
LISTS = frozenset({"allowed_origins", "frame_origins"})


class SettingsAct(TenantAct):
    """Changes of some of a tenant's settings; `names` are their fields."""

    permission = OperatorPermission.TENANTS
    names: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.names:
            self.fields[name] = _field(name)
            value = getattr(self.tenant, name)
            self.fields[name].initial = value if value is not None else ""
        self.order_fields([*self.names, "typed"])

    def changed(self) -> dict[str, Any]:
        """Returns what differs from the tenant as it is."""
        values = {name: self.cleaned_data[name] for name in self.names}
        for name in ("allowed_models", "allowed_sizes"):
            if name in values:
                values[name] = values[name] or None
        return {name: value for name, value in values.items() if value != getattr(self.tenant, name)}

    def preview(self) -> Preview:
        changes = [
            Change(str(LABELS[name]), _shown(getattr(self.tenant, name)), _shown(value))
            for name, value in self.changed().items()
        ]
        return Preview(changes, [] if changes else [gettext("Nothing differs yet.")])

    def run(self, actor: Actor) -> str:
        if changed := self.changed():
            tenant_update_as_operator(tenant_id=self.tenant.id, changed=changed, actor=actor)
        return gettext("Saved.")


class Limits(SettingsAct):
    word, heading = _("Change limits"), _("Limits of %s")
    names = (
        "concurrency_limit", "queue_limit", "weight", "requests_per_minute", "images_per_minute", "allowed_models",
        "allowed_sizes", "storage_quota_bytes", "test_keys_enabled", "test_daily_requests", "test_daily_bytes",
    )  # fmt: skip


class Retention(SettingsAct):
    word, heading = _("Change retention"), _("Retention of %s")
    text = _("After that time a job is erased, all but its cost. What a legal hold covers stays. Empty: kept.")
    names = ("output_retention_days", "input_retention_days")


class General(SettingsAct):
    word, heading = _("Change settings"), _("Settings of %s")
    text = _("A new time zone begins when a month has begun in the old zone and in the new one.")
    names = ("name", "billing_timezone", "allowed_origins", "frame_origins", "requires_two_factor")


class NewTenant(Act):
    word = _("Create tenant")

    name = forms.CharField(label=_("Name"), max_length=200)
    slug = forms.CharField(
        label=_("Slug"),
        max_length=50,
        help_text=_("Lowercase letters, digits and hyphens. It cannot be changed later."),
    )
    plan = forms.ChoiceField(label=_("Plan"))
    opening_balance = AmountField(
        label=_("Opening balance"), required=False, zero=True, help_text=_("Already paid in.")
    )
    owner_email = forms.EmailField(
        label=_("Email of the owner"), required=False, help_text=_("This person is invited as the owner.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        offered = list(billing().plans())
        # A platform without plans makes the standard one with its first tenant.
        plan.choices = offered or [(STANDARD_PLAN, STANDARD_PLAN.title())]
        plan.initial = STANDARD_PLAN

    def run(self, actor: Actor) -> str:
        values = self.cleaned_data
        self.created: Tenant = tenant_open(
            slug=values["slug"],
            name=values["name"],
            plan=values["plan"],
            opening_balance=values["opening_balance"] or "0",
            owner_email=values["owner_email"],
            actor=actor,
        )
        return gettext("%s was created.") % self.created.name


def _field(name: str) -> forms.Field:
    label = LABELS[name]
    if name in {"allowed_models", "allowed_sizes"}:
        known = model_ids() if name == "allowed_models" else image_sizes()
        return forms.MultipleChoiceField(
            label=label,
            required=False,
            choices=[(value, value) for value in known],
            widget=forms.CheckboxSelectMultiple,
            help_text=_("None selected: all."),
        )
    if name in LISTS:
        return LinesField(label=label, required=False, help_text=_("One per line, like https://app.example.com"))
    if name in {"test_keys_enabled", "requires_two_factor"}:
        return forms.BooleanField(label=label, required=False)
    if name in {"name", "billing_timezone"}:
        return forms.CharField(label=label, max_length=200)
    field = Tenant._meta.get_field(name)
    assert isinstance(field, models.Field)
    return forms.IntegerField(
        label=label, required=not field.null, min_value=0, widget=WHOLE, help_text=_(str(field.help_text))
    )


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return gettext("not set")
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, list):
        return listed(value)
    return str(value)
