"""The shape of a forecast for OpenAPI. It describes what `representation` writes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from cavendish.http.shapes import QUANTITY, Shaped


class ForecastDay(s.Serializer[object]):
    day = s.DateField(help_text="A billing date.")
    amount = s.CharField(help_text="Used so far.")
    expected_amount = s.CharField(help_text="When the day is over; of a day that is over its amount.")


class BudgetForecast(s.Serializer[object]):
    id = s.CharField()
    expected = Shaped(
        QUANTITY,
        allow_null=True,
        help_text="Used at the end of the period; null for `total`, and where nothing was used in 28 days.",
    )
    full_on = s.DateField(allow_null=True, help_text="The day on which nothing is left; null where it lasts.")
    is_full = s.BooleanField(help_text="What is used and held leaves nothing now.")


class UsageForecast(s.Serializer[object]):
    object = s.CharField()
    month = s.CharField(help_text="That runs in `timezone`, for example 2026-11.")
    to = s.DateField(help_text="Exclusive.")
    today = s.DateField()
    timezone = s.CharField()
    livemode = s.BooleanField()
    currency = s.CharField()
    amount = s.CharField(help_text="Used so far.")
    expected_amount = s.CharField(
        allow_null=True, help_text="At the month's end; null where nothing was used in 28 days."
    )
    daily_amount = s.CharField(allow_null=True, help_text="The average of a day of the last 28.")
    days = ForecastDay(many=True, help_text="Every day of the month.")
    budgets = BudgetForecast(many=True, help_text="Of the key's mode, the newest fifty.")

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        """`from` is no name in Python."""
        return {**super().get_fields(), "from": s.DateField()}
