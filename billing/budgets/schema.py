"""Shapes of billing for OpenAPI. They describe what `billing.budgets.representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.models import Budget as Row
from cavendish.http.schema import Page
from cavendish.http.shapes import QUANTITY, Shaped


class Budget(s.Serializer[object]):
    """Every field is always present. Quantities (`limit`, `used`, …) are strings for money, integers otherwise."""

    id = s.CharField()
    object = s.CharField()
    livemode = s.BooleanField()
    scope = s.ChoiceField(choices=Row.Scope.choices)
    scope_id = s.CharField(help_text="The tenant, API key or member that is limited.")
    period = s.ChoiceField(choices=Row.Period.choices, help_text="In the tenant's time zone; weeks begin on Monday.")
    metric = s.ChoiceField(choices=Row.Metric.choices)
    currency = s.CharField(allow_null=True)
    limit = Shaped(QUANTITY)
    raise_to = Shaped(
        QUANTITY, allow_null=True, help_text="The limit until `raise_until`, when it falls back by itself."
    )
    raise_until = s.DateTimeField(allow_null=True)
    hard = s.BooleanField(help_text="Refuses what does not fit; otherwise it counts and alerts.")
    alerts = s.ListField(
        child=s.IntegerField(), help_text="Percentages of the limit at which people get a mail, once per period."
    )
    used = Shaped(QUANTITY)
    held = Shaped(QUANTITY, help_text="The worst case of generations that have not ended.")
    remaining = Shaped(QUANTITY)
    starts_at = s.DateTimeField()
    resets_at = s.DateTimeField(allow_null=True, help_text="Null for `total`.")
    set_by_operator = s.BooleanField(help_text="Only the operator changes it.")
    created_at = s.DateTimeField()


class BudgetPage(Page):
    data = Budget(many=True)


class BudgetCreate(s.Serializer[object]):
    scope = s.ChoiceField(choices=Row.Scope.choices)
    scope_id = s.CharField(required=False, help_text="An API key's or a member's id; not needed for the tenant.")
    period = s.ChoiceField(choices=Row.Period.choices)
    metric = s.ChoiceField(choices=Row.Metric.choices)
    limit = Shaped(QUANTITY, help_text='Money as a string like "25.00", anything else as an integer.')
    hard = s.BooleanField(required=False, default=True)
    alerts = s.ListField(child=s.IntegerField(min_value=1, max_value=100), required=False)
    raise_to = Shaped(QUANTITY, required=False, allow_null=True)
    raise_until = s.DateTimeField(required=False, allow_null=True)


class OperatorBudgetCreate(BudgetCreate):
    livemode = s.BooleanField(required=False, default=True)


class BudgetPatch(s.Serializer[object]):
    """What is left away stays. Both `raise_…` as null end a raise."""

    limit = Shaped(QUANTITY, required=False)
    hard = s.BooleanField(required=False)
    alerts = s.ListField(child=s.IntegerField(min_value=1, max_value=100), required=False)
    raise_to = Shaped(QUANTITY, required=False, allow_null=True)
    raise_until = s.DateTimeField(required=False, allow_null=True)


BUDGETS = [
    OpenApiParameter("scope", OpenApiTypes.STR, enum=list(Row.Scope.values)),
    OpenApiParameter("scope_id", OpenApiTypes.STR, description="Those of a key, a member or the tenant."),
    OpenApiParameter("period", OpenApiTypes.STR, enum=list(Row.Period.values)),
    OpenApiParameter("metric", OpenApiTypes.STR, enum=list(Row.Metric.values)),
]
