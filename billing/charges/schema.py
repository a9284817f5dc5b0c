"""Shapes of flagged charges for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.schema import Page


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
    usage = s.JSONField()
    lines = s.ListField(child=s.JSONField())
    billing_date = s.DateField()
    created_at = s.DateTimeField()
    resolution = Resolution(allow_null=True)


class FlaggedChargePage(Page):
    data = FlaggedCharge(many=True)
