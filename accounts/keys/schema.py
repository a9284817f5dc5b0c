"""OpenAPI shapes of API keys. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.audit.schema import Creator
from accounts.models import Scope
from cavendish.http.schema import CREATED, Page


class ApiKey(s.Serializer[object]):
    """An API key. Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    prefix = s.CharField(help_text="The beginning of the secret, which identifies the key.")
    livemode = s.BooleanField()
    status = s.ChoiceField(choices=["active", "expired", "revoked"])
    scopes = s.ListField(child=s.ChoiceField(choices=Scope.values))
    ip_ranges = s.ListField(child=s.CharField(), help_text="Empty allows all addresses.")
    allowed_models = s.ListField(
        child=s.CharField(), allow_null=True, help_text="null allows all models that the tenant may use."
    )
    console = s.BooleanField(
        help_text="Whether what people do in the console counts for this key. It has no secret: it can be limited and "
        "given a budget, not rotated or revoked."
    )
    member_id = s.CharField(allow_null=True, help_text="The member whose budgets and usage the key counts for.")
    requests_per_minute = s.IntegerField(allow_null=True)
    images_per_minute = s.IntegerField(allow_null=True)
    jobs_in_flight = s.IntegerField(allow_null=True)
    created_at = s.DateTimeField()
    created_by = Creator(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True, help_text="Accurate to about a minute.")
    last_used_address = s.CharField(allow_null=True)
    previous_secret_expires_at = s.DateTimeField(
        allow_null=True, help_text="When the secret before the last rotation stops working."
    )


class ApiKeyWithSecret(ApiKey):
    secret = s.CharField(required=False, help_text="Shown only once; not when the request is sent again.")


class ApiKeyPage(Page):
    data = ApiKey(many=True)


KEYS = [
    OpenApiParameter("livemode", OpenApiTypes.BOOL, description="Only keys of this mode."),
    OpenApiParameter("status", OpenApiTypes.STR, enum=["active", "expired", "revoked"]),
    OpenApiParameter("member_id", OpenApiTypes.STR, description="Only keys that count for this member."),
    *CREATED,
]
