"""Forms of the console's own pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles.names import MAX_NAME_CHARS, validate_name


class TenantForm(forms.Form):
    name = forms.CharField(
        label=_("Company or team name"),
        max_length=MAX_NAME_CHARS,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
