"""The shapes of tenants for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.models import TenantStatus
from cavendish.http.schema import CREATED, Page


class Policy(s.Serializer[object]):
    version = s.CharField(help_text="The current version.")
    url = s.CharField(allow_null=True)
    accepted_version = s.CharField(allow_null=True)
    accepted_at = s.DateTimeField(allow_null=True)
    allows_live_jobs = s.BooleanField()


class TestDay(s.Serializer[object]):
    """What test keys did on this day in UTC; `test_daily_requests` and `test_daily_bytes` are the limits."""

    requests = s.IntegerField()
    bytes = s.IntegerField()
    resets_at = s.DateTimeField()


class Tenant(s.Serializer[object]):
    """Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    slug = s.CharField()
    name = s.CharField()
    status = s.ChoiceField(choices=TenantStatus.choices)
    status_reason = s.CharField(allow_null=True)
    payment_reminded_at = s.DateTimeField(
        allow_null=True, help_text="Since when reminders of unpaid invoices are out; null when nothing is overdue."
    )
    payment_suspended_at = s.DateTimeField(
        allow_null=True, help_text="Since when live keys make nothing new because invoices are overdue."
    )
    created_at = s.DateTimeField()
    plan = s.CharField(allow_null=True)
    currency = s.CharField(allow_null=True)
    output_retention_days = s.IntegerField(allow_null=True)
    input_retention_days = s.IntegerField(allow_null=True)
    test_keys_enabled = s.BooleanField()
    allowed_origins = s.ListField(child=s.CharField(), help_text="Origins whose scripts may use the API with a key.")
    frame_origins = s.ListField(child=s.CharField(), help_text="Origins whose pages may embed display pages.")
    requires_two_factor = s.BooleanField(help_text="Whether members enter the console with a second factor only.")
    weight = s.IntegerField()
    concurrency_limit = s.IntegerField()
    queue_limit = s.IntegerField()
    requests_per_minute = s.IntegerField(allow_null=True)
    images_per_minute = s.IntegerField(allow_null=True)
    allowed_models = s.ListField(child=s.CharField(), allow_null=True)
    allowed_sizes = s.ListField(child=s.CharField(), allow_null=True)
    billing_timezone = s.CharField()
    billing_timezone_next = s.CharField(allow_null=True, help_text="Takes effect at `billing_timezone_from`.")
    billing_timezone_from = s.DateTimeField(allow_null=True)
    test_daily_requests = s.IntegerField(allow_null=True)
    test_daily_bytes = s.IntegerField(allow_null=True)
    storage_quota_bytes = s.IntegerField(allow_null=True)
    storage_used_bytes = s.IntegerField(help_text="Inputs, outputs and unfinished uploads, of both modes.")
    policy = Policy()
    test_day = TestDay()


class TenantPage(Page):
    data = Tenant(many=True)


class TenantNote(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    text = s.CharField()
    author = s.CharField(help_text="An operator's email, or an operator key's prefix.")
    created_at = s.DateTimeField()


class TenantNotePage(Page):
    data = TenantNote(many=True)


TENANTS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=list(TenantStatus.values)),
    OpenApiParameter("slug", OpenApiTypes.STR),
    *CREATED,
]
