"""Forms of the console's own pages."""

from __future__ import annotations

from django import forms


class TenantForm(forms.Form):
    name = forms.CharField(
        label="Company or team name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
