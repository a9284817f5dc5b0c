"""Shapes of automatic top-ups for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s


class AutoTopUp(s.Serializer[object]):
    """When the live wallet is topped up by itself, by the default payment method."""

    object = s.CharField()
    enabled = s.BooleanField()
    threshold = s.CharField(help_text="Below it money is added; compared with the wallet's `available`.")
    amount = s.CharField(help_text="What is added.")
    monthly_limit = s.CharField(allow_null=True, help_text="Most that is added in a month of the tenant's time zone.")
    currency = s.CharField()
    failures = s.IntegerField(help_text="In a row; the third switches it off.")
    retry_at = s.DateTimeField(allow_null=True)
    disabled_reason = s.CharField(allow_null=True, help_text="Why the platform switched it off.")
