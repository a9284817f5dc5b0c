"""Shapes of days out of a pattern for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import Page


class UsageAnomaly(s.Serializer[object]):
    """A day on which a tenant, or one of its keys, spent more than it usually does. Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    day = s.DateField(help_text="In the tenant's billing time zone.")
    key_id = s.CharField(allow_null=True, help_text="null: the tenant as a whole.")
    used = s.CharField(help_text="By the time it was noticed.")
    usual = s.CharField(help_text="What such a day comes to.")
    limit = s.CharField(help_text="What it had to pass.")
    currency = s.CharField()
    noticed_at = s.DateTimeField()


class UsageAnomalyPage(Page):
    data = UsageAnomaly(many=True)


DAYS = (
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The day after the last one."),
)
