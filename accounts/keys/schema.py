"""The shapes of accounts for OpenAPI. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.audit.schema import Maker
from accounts.models import Scope
from cavendish.http.schema import Page


class ApiKey(s.Serializer[object]):
    """Every field is always present; the secret only where it is made."""

    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    prefix = s.CharField(help_text="What its secret begins with.")
    livemode = s.BooleanField()
    status = s.ChoiceField(choices=["active", "expired", "revoked"])
    scopes = s.ListField(child=s.ChoiceField(choices=Scope.values))
    ip_ranges = s.ListField(child=s.CharField(), help_text="Empty means everywhere.")
    allowed_models = s.ListField(child=s.CharField(), allow_null=True, help_text="null means the tenant's.")
    member_id = s.CharField(allow_null=True, help_text="For whose budgets and usage it counts.")
    requests_per_minute = s.IntegerField(allow_null=True)
    images_per_minute = s.IntegerField(allow_null=True)
    jobs_in_flight = s.IntegerField(allow_null=True)
    created_at = s.DateTimeField()
    created_by = Maker(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True, help_text="Within a minute or so.")
    last_used_address = s.CharField(allow_null=True)
    previous_secret_expires_at = s.DateTimeField(
        allow_null=True, help_text="Until when the secret before the last rotation works."
    )


class ApiKeyWithSecret(ApiKey):
    secret = s.CharField(help_text="Shown this once.")


class ApiKeyPage(Page):
    data = ApiKey(many=True)


LIVEMODE = OpenApiParameter("livemode", OpenApiTypes.BOOL, description="Only keys of this mode.")
