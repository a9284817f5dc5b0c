"""Shapes of subscriptions for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s

from billing.prices.schema import VolumeDiscount


class SubscribedPlan(s.Serializer[object]):
    id = s.CharField()
    slug = s.CharField()
    name = s.CharField()
    currency = s.CharField()


class NextSubscription(s.Serializer[object]):
    plan = SubscribedPlan()
    starts_at = s.DateTimeField()


class Subscription(s.Serializer[object]):
    object = s.CharField()
    plan = SubscribedPlan()
    starts_at = s.DateTimeField()
    included_images = s.IntegerField(help_text="A month.")
    included_credit = s.CharField(help_text="A month.")
    base_fee = s.CharField(help_text="A month.")
    minimum_commitment = s.CharField(help_text="A month.")
    volume_discounts = VolumeDiscount(many=True)
    allowed_models = s.ListField(child=s.CharField(), allow_null=True)
    period_starts_at = s.DateTimeField()
    period_ends_at = s.DateTimeField()
    next = NextSubscription(allow_null=True, help_text="The plan that begins with the next month.")
