"""Bodies that record payments and take them back."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from billing.fields import Day, Money
from billing.payments.services import BALANCE
from cavendish.http.json_body import Body, Choice, Text

FROM_OUTSIDE = ("amount", "received_on", "reference")


class PaymentNew(Body):
    """Money that came in, with all three of its fields; or `from` the balance, with none of them."""

    amount = Money(required=False)
    received_on = Day(required=False)
    reference = Text(max_length=200, required=False)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": Choice(choices=[BALANCE], required=False)}

    def to_internal_value(self, data: Any) -> Any:
        from_balance = isinstance(data, dict) and "from" in data
        for name in FROM_OUTSIDE:
            self.fields[name].required = not from_balance
        values = super().to_internal_value(data)
        if from_balance and (surplus := [name for name in FROM_OUTSIDE if name in values]):
            detail = ErrorDetail("The balance pays as much as it can; leave this out.", "unknown_field")
            raise ValidationError(dict.fromkeys(surplus, detail))
        return values


class ReversalNew(Body):
    reason = Text(max_length=300)
