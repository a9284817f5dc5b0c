"""Shapes of charges for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.schema import Page


class InputUsage(s.Serializer[object]):
    text = s.IntegerField()
    image = s.IntegerField()
    video = s.IntegerField()


class OutputUsage(s.Serializer[object]):
    text = s.IntegerField()
    image = s.IntegerField()


class Usage(s.Serializer[object]):
    """Tokens, and queries of searches."""

    input = InputUsage()
    output = OutputUsage()
    thought = s.IntegerField()
    cached = s.IntegerField()
    search_queries = s.IntegerField()
    total = s.IntegerField()


class ChargeLine(s.Serializer[object]):
    kind = s.CharField()
    quantity = s.IntegerField()
    unit = s.CharField()
    unit_price = s.CharField()
    amount = s.CharField()


class Resolution(s.Serializer[object]):
    note = s.CharField()
    adjustment = s.CharField()
    actor = s.CharField()
    created_at = s.DateTimeField()


class FlaggedCharge(s.Serializer[object]):
    """A charge that an operator should look at."""

    generation_id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    livemode = s.BooleanField()
    flags = s.ListField(child=s.CharField())
    status = s.CharField()
    reason = s.CharField(allow_null=True)
    amount = s.CharField()
    currency = s.CharField()
    cost = s.CharField(help_text="What the upstream charges the operator, in US dollars.")
    absorbed = s.CharField()
    usage = Usage()
    lines = ChargeLine(many=True)
    billing_date = s.DateField()
    created_at = s.DateTimeField()
    resolution = Resolution(allow_null=True)


class FlaggedChargePage(Page):
    data = FlaggedCharge(many=True)
