"""An address in its parts, as forms ask for it; e-invoices need it so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PARTS: dict[str, Any] = {
    "line1": _("Street and number"),
    "line2": _("Second line"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "region": pgettext_lazy("address", "Region"),
    "country": _("Country"),
}
E_INVOICES = _("For e-invoices")


class AddressParts(forms.Form):
    """The fields of an address in parts; all empty is none."""

    line1 = forms.CharField(label=PARTS["line1"], max_length=100, required=False)
    line2 = forms.CharField(label=PARTS["line2"], max_length=100, required=False)
    postal_code = forms.CharField(label=PARTS["postal_code"], max_length=20, required=False)
    city = forms.CharField(label=PARTS["city"], max_length=100, required=False)
    region = forms.CharField(label=PARTS["region"], max_length=100, required=False)
    country = forms.CharField(
        label=PARTS["country"], max_length=2, required=False, help_text=_("Two letters, like DE.")
    )

    def parts_show(self, address: Mapping[str, Any]) -> None:
        """Fills the fields with what is there."""
        for name in PARTS:
            self.fields[name].initial = address.get(name, "")


def parts_taken(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the form's values with the parts as one `postal_address`, as the API takes it."""
    parts = {name: str(values.get(name) or "").strip() for name in PARTS}
    address = {**parts, "country": parts["country"].upper()} if any(parts.values()) else None
    return {**{name: value for name, value in values.items() if name not in PARTS}, "postal_address": address}
