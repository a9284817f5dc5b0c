"""Bodies that create and change budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

from billing.models import Budget
from billing.money import MOST, AmountInvalid, amount_parse
from cavendish.http.json_body import Body, Choice, Flag, Listed, Moment, Text, WholeNumber
from cavendish.http.problems import shown

MOST_COUNTED = int(MOST) - 1
MOST_ALERTS = 10


@extend_schema_field({"oneOf": [{"type": "string", "format": "decimal"}, {"type": "integer"}]})
class Quantity(serializers.Field[Any, Any, Any, Any]):
    """A quantity of the budget's metric: money as a string, anything else as a whole number. Zero allows nothing.

    The metric is the body's, or for a change the budget's (`metric` in the context). While that is wrong itself, only
    the metric is complained of.
    """

    def run_validation(self, data: Any = empty) -> Any:
        is_empty, data = self.validate_empty_values(data)
        return data if is_empty else self.to_internal_value(data)

    def to_internal_value(self, data: Any) -> Decimal:
        body = cast(BudgetTerms, self.parent)
        metric = self.context.get("metric") or body.sent.get("metric")
        if metric == Budget.Metric.MONEY:
            try:
                return amount_parse(data, zero=True)
            except AmountInvalid as error:
                raise ValidationError(str(error), code=error.code) from None
        if metric not in Budget.Metric.values:
            return Decimal(0)
        if type(data) is float and data.is_integer():
            data = int(data)  # as everywhere in this API: JSON's 2.0 is a whole number
        if type(data) is not int:
            raise ValidationError(
                f"{shown(data).capitalize()} stands where a whole number of {metric} is taken.", code="wrong_type"
            )
        if not 0 <= data <= MOST_COUNTED:
            raise ValidationError(
                f"{shown(data)} is out of range; use a whole number from 0 to {MOST_COUNTED}.", code="out_of_range"
            )
        return Decimal(data)

    def to_representation(self, value: Any) -> Any:
        return value


class BudgetTerms(Body):
    limit = Quantity()
    hard = Flag(default=True)
    alerts = Listed(child=WholeNumber(min_value=1, max_value=100), max_length=MOST_ALERTS, default=list)

    def to_internal_value(self, data: Any) -> Any:
        self.sent: dict[str, Any] = data if isinstance(data, dict) else {}
        return super().to_internal_value(data)

    def validate_alerts(self, value: list[int]) -> list[int]:
        if twice := sorted({percent for percent in value if value.count(percent) > 1}):
            raise ValidationError(f"{twice[0]} is there twice; name each percentage once.", code="duplicate")
        return sorted(value)


class BudgetChange(BudgetTerms):
    """The terms of a budget that can be changed."""

    raise_to = Quantity(allow_null=True, default=None)
    raise_until = Moment(allow_null=True, default=None)


class BudgetNew(BudgetChange):
    scope = Choice(choices=Budget.Scope.values)
    scope_id = Text(max_length=80, required=False)
    period = Choice(choices=Budget.Period.choices)
    metric = Choice(choices=Budget.Metric.choices)

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, dict) and data.get("scope") in ("key", "member") and "scope_id" not in data:
            errors["scope_id"] = [ErrorDetail(f"Say which {data['scope']} is limited.", "required")]
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**cast(dict[str, Any], error.detail), **errors}) from None
        if errors:
            raise ValidationError(errors)
        return values


class OperatorBudgetNew(BudgetNew):
    livemode = Flag(default=True)


class BudgetDefault(BudgetTerms):
    """A budget in a plan's terms, for the whole of each tenant that has the plan."""

    livemode = Flag(default=True)
    period = Choice(choices=Budget.Period.choices)
    metric = Choice(choices=Budget.Metric.choices)
