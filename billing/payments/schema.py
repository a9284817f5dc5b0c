"""Shapes of payments for OpenAPI."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s


class PaymentNew(s.Serializer[object]):
    """Money that came in, with `amount`, `received_on` and `reference`; or `from` alone."""

    amount = s.CharField(
        required=False, help_text='A string like "12.50". What is more than is left goes into the balance.'
    )
    received_on = s.DateField(required=False, help_text="Not in the future, and not over 60 days before the invoice.")
    reference = s.CharField(
        required=False,
        max_length=200,
        help_text="Of the bank statement; it is booked once, top-ups included.",
    )

    def get_fields(self) -> dict[str, Any]:
        text = "Pays from the balance: as much as paid money is free."
        return {**super().get_fields(), "from": s.ChoiceField(choices=["balance"], required=False, help_text=text)}


class ReversalNew(s.Serializer[object]):
    reason = s.CharField(max_length=300)
