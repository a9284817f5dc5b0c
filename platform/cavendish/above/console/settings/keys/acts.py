"""Create, change, rotate and revoke keys. A secret is shown once, with a first call that runs as pasted."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.keys.bodies import DEFAULT_SCOPES, MAX_INTEGER
from accounts.keys.services import CHANGEABLE, api_key_create, api_key_revoke, api_key_rotate, api_key_update
from accounts.models import ApiKey
from accounts.roles.checks import model_ids
from accounts.roles.permissions import LIVE_SCOPES
from cavendish.above.console.settings.keys.selectors import LIMITS
from cavendish.above.console.settings.pages import FRAME, SettingsAct
from cavendish.above.console.settings.words import PERMISSIONS, explained
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.first_call import first_calls
from cavendish.above.ui.forms import DayField, LinesField
from cavendish.above.ui.labels import SCOPES
from cavendish.above.ui.secret_page import secret_page
from cavendish.db import ids

OVERLAPS = (
    ("0", _("Stops working at once")),
    ("3600", _("Works for 1 more hour")),
    ("86400", _("Works for 24 more hours")),
    ("604800", _("Works for 7 more days")),
    ("2592000", _("Works for 30 more days")),
)


def _limit(label: Any, text: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"min": 0, "inputmode": "numeric"})
    return forms.IntegerField(
        label=label, help_text=text, required=False, min_value=0, max_value=MAX_INTEGER, widget=widget
    )


class LimitFields(SettingsAct):
    requests_per_minute = _limit(_("Requests a minute"), _("Empty: the tenant's limit alone."))
    images_per_minute = _limit(_("Pictures a minute"), _("Empty: the tenant's limit alone."))
    jobs_in_flight = _limit(_("Jobs at once"), _("Queued and running. Empty: the tenant's limit alone."))


class KeyFields(LimitFields):
    """What a key has. `scopes` are those that may be given, `people` are members as choices."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("How people will recognise it: what uses it, and where."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), required=False, widget=forms.CheckboxSelectMultiple)
    allowed_models = forms.MultipleChoiceField(
        label=_("Models"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None selected: all that the tenant may use."),
    )
    ip_ranges = LinesField(
        label=_("Addresses"),
        required=False,
        help_text=_("One per line, like 203.0.113.0/24. Empty: from everywhere."),
    )
    expires_at = DayField(label=_("Expires on"), required=False, help_text=_("At the end of this day. Empty: never."))
    member_id = forms.ChoiceField(
        label=_("Counts for"),
        required=False,
        help_text=_("A member's key counts for their budgets and usage, and ends with their membership."),
    )
    more = ("allowed_models", "ip_ranges", "expires_at", "member_id", *LIMITS)
    more_word = _("Restrictions: models, addresses, expiry, limits")

    def __init__(self, *args: Any, scopes: list[str], people: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choices: Any = self.fields
        choices["scopes"].choices = [(scope, explained(SCOPES[scope], _explained(scope))) for scope in scopes]
        choices["allowed_models"].choices = [(model, model_name(model)) for model in model_ids()]
        choices["member_id"].choices = [("", _("The tenant")), *people]

    def clean_expires_at(self) -> datetime | None:
        on = self.cleaned_data["expires_at"]
        return None if on is None else timezone.make_aware(datetime.combine(on, time(23, 59, 59)))

    def values(self) -> dict[str, Any]:
        """Returns what the services take."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "allowed_models": given["allowed_models"] or None,
            "ip_ranges": given["ip_ranges"],
            "expires_at": given["expires_at"],
            "member_id": ids.decode(ids.USER, given["member_id"]) if given["member_id"] else None,
            **{name: given[name] for name in LIMITS},
        }


def _explained(scope: str) -> str:
    text = str(PERMISSIONS[scope])
    return gettext("%s. Live keys only.") % text if scope in LIVE_SCOPES else text


class CreateKey(KeyFields):
    word, heading = _("Create key"), _("Create an API key")

    mode = forms.ChoiceField(label=_("Mode"), widget=forms.RadioSelect, choices=(("live", "live"), ("test", "test")))
    field_order = ("name", "mode", "scopes")

    def __init__(self, *args: Any, livemode: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        modes: Any = self.fields["mode"]
        modes.choices = [
            ("live", explained(gettext("Live"), gettext("Pictures from Google, charged."))),
            ("test", explained(gettext("Test"), gettext("Samples from the sandbox, free."))),
        ]
        modes.initial = "live" if livemode else "test"
        self.fields["scopes"].initial = list(DEFAULT_SCOPES)

    def run(self, actor: Actor) -> HttpResponse:
        row, secret = api_key_create(
            tenant_id=self.work.tenant_id, livemode=self.cleaned_data["mode"] == "live", actor=actor, **self.values()
        )
        return shown_once(self, row, secret)


def shown_once(act: SettingsAct, row: ApiKey, secret: str) -> HttpResponse:
    """Returns the page that shows a key's secret, with first calls that the key may make."""
    snippets = first_calls(
        base_url=settings.BASE_URL, secret=secret, scopes=row.scopes, models=row.allowed_models or ()
    )
    title = gettext("The secret of %s") % row.name
    return secret_page(act.request, title=title, secret=secret, back=act.back, snippets=snippets, frame=FRAME)


class OneKey(SettingsAct):
    def __init__(self, *args: Any, key: ApiKey, **options: Any) -> None:
        self.key = key
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.key.name)


class _Saved(OneKey):
    word, heading = _("Save"), _("Change %s")

    def values(self) -> dict[str, Any]:
        raise NotImplementedError

    def run(self, actor: Actor) -> str:
        changed = {name: value for name, value in self.values().items() if value != getattr(self.key, name)}
        if changed:
            api_key_update(tenant_id=self.work.tenant_id, key_id=self.key.id, changed=changed, actor=actor)
        return gettext("Saved. It applies from the next request on.")


class ChangeKey(_Saved, KeyFields):
    def __init__(self, *args: Any, key: ApiKey, **options: Any) -> None:
        self.expires_on = timezone.localdate(key.expires_at) if key.expires_at else None
        initial: dict[str, Any] = {name: getattr(key, name) for name in CHANGEABLE}
        initial["expires_at"] = self.expires_on
        initial["member_id"] = ids.encode(ids.USER, key.member_id) if key.member_id else ""
        super().__init__(*args, key=key, initial=initial, **options)

    def values(self) -> dict[str, Any]:
        values = KeyFields.values(self)
        kept = values["expires_at"] is not None and timezone.localdate(values["expires_at"]) == self.expires_on
        if kept:
            values["expires_at"] = self.key.expires_at
        if sorted(values["scopes"]) == sorted(self.key.scopes):
            values["scopes"] = self.key.scopes
        if sorted(values["allowed_models"] or []) == sorted(self.key.allowed_models or []):
            values["allowed_models"] = self.key.allowed_models
        return values


class ChangeLimits(_Saved, LimitFields):
    """Of the console's key, which has nothing else that could be changed."""

    word, heading = _("Save"), _("Limit what people do in the console")

    def __init__(self, *args: Any, key: ApiKey, **options: Any) -> None:
        initial = {name: getattr(key, name) for name in LIMITS}
        super().__init__(*args, key=key, initial=initial, **options)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in LIMITS}


class RotateKey(OneKey):
    word, heading = _("Rotate"), _("Rotate %s")
    text = _("The key gets a new secret at once. Its budgets, limits and usage stay.")

    overlap = forms.ChoiceField(label=_("The old secret"), choices=OVERLAPS, initial="86400", widget=forms.RadioSelect)

    def run(self, actor: Actor) -> HttpResponse:
        overlap = timedelta(seconds=int(self.cleaned_data["overlap"]))
        row, secret = api_key_rotate(tenant_id=self.work.tenant_id, key_id=self.key.id, actor=actor, overlap=overlap)
        return shown_once(self, row, secret)


class RevokeKey(OneKey):
    word, heading, danger = _("Revoke"), _("Revoke %s"), True

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, help_text=_("Stands in the audit log."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.text = gettext("Requests with %s… are refused from now on. This cannot be undone.") % self.key.prefix

    def run(self, actor: Actor) -> str:
        reason = self.cleaned_data["reason"]
        api_key_revoke(tenant_id=self.work.tenant_id, key_id=self.key.id, reason=reason, actor=actor)
        return gettext("%s is revoked.") % self.key.name
