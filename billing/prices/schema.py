"""Shapes of prices, plans and wallets for OpenAPI; they describe what the views of this folder write."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.models import Kind, Tier, Unit
from cavendish.http.schema import PAGING, Page, problems

__all__ = ["PAGING", "problems"]


class VolumeDiscount(s.Serializer[object]):
    """Percent off what a month's usage comes to above a step, up to the next one."""

    above = s.CharField()
    percent = s.CharField()


class Price(s.Serializer[object]):
    """A version of a price: what is paid from a moment on."""

    object = s.CharField()
    plan_id = s.CharField(allow_null=True, help_text="Null is what the upstream charges.")
    model = s.CharField()
    kind = s.ChoiceField(choices=Kind.choices)
    tier = s.ChoiceField(choices=Tier.choices)
    unit = s.ChoiceField(choices=Unit.choices)
    image_size = s.CharField(allow_null=True)
    unit_price = s.CharField()
    currency = s.CharField()
    effective_from = s.DateTimeField()
    source = s.CharField()
    actor = s.CharField(help_text="Who set it; empty for prices that came with the product.")
    created_at = s.DateTimeField()


class PricePage(Page):
    data = Price(many=True)


class EffectivePrice(s.Serializer[object]):
    model = s.CharField()
    kind = s.CharField()
    tier = s.CharField()
    image_size = s.CharField(allow_null=True)
    unit = s.CharField()
    unit_price = s.CharField()
    cost = s.CharField(help_text="What the upstream charges, in US dollars per `cost_unit`.")
    cost_unit = s.CharField()


class PriceBook(s.Serializer[object]):
    object = s.CharField()
    at = s.DateTimeField()
    plan_id = s.CharField(allow_null=True)
    currency = s.CharField()
    data = EffectivePrice(many=True)


class PriceChange(s.Serializer[object]):
    model = s.CharField()
    kind = s.CharField()
    tier = s.CharField()
    image_size = s.CharField(allow_null=True)
    old_unit = s.CharField(allow_null=True)
    old_unit_price = s.CharField(allow_null=True)
    unit = s.CharField()
    unit_price = s.CharField()
    effective_until = s.DateTimeField(allow_null=True, help_text="When a version that is set already begins.")


class BelowCost(s.Serializer[object]):
    plan_id = s.CharField()
    plan = s.CharField()
    tenants = s.IntegerField(help_text="How many are on the plan.")
    model = s.CharField()
    tier = s.CharField()
    kind = s.CharField()
    image_size = s.CharField(allow_null=True)
    unit = s.CharField()
    unit_price = s.CharField()
    cost = s.CharField(help_text="Of the same unit, in US dollars.")


class PriceChanges(s.Serializer[object]):
    object = s.CharField()
    effective_from = s.DateTimeField()
    currency = s.CharField()
    data = PriceChange(many=True)
    below_cost = BelowCost(many=True, help_text="What plans with tenants would sell for less than it costs then.")


PLAN = OpenApiParameter("plan_id", OpenApiTypes.STR, description="A plan; without it, the upstream.")
AT = OpenApiParameter("at", OpenApiTypes.DATETIME, description="The moment; now when it is not given.")
MODEL = OpenApiParameter("model", OpenApiTypes.STR)
KIND = OpenApiParameter("kind", OpenApiTypes.STR, enum=list(Kind.values))
