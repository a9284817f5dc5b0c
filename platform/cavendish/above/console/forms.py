from __future__ import annotations

from django import forms


class TenantForm(forms.Form):
    name = forms.CharField(
        label="Name of the company or team",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
