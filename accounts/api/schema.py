"""The shapes of accounts for OpenAPI. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.models import Role, Scope
from cavendish.http.schema import Page


class Maker(s.Serializer[object]):
    type = s.ChoiceField(choices=["person", "key"])
    id = s.CharField()


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


class Member(s.Serializer[object]):
    id = s.CharField(help_text="The person's: usr_…")
    object = s.CharField()
    email = s.EmailField()
    name = s.CharField()
    role = s.ChoiceField(choices=Role.values)
    created_at = s.DateTimeField()


class Invitation(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    email = s.EmailField()
    role = s.ChoiceField(choices=Role.values)
    status = s.ChoiceField(choices=["open", "accepted", "revoked", "expired"])
    created_at = s.DateTimeField()
    created_by = Maker(allow_null=True)
    sent_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    accepted_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)


class AuditActor(s.Serializer[object]):
    type = s.ChoiceField(choices=["key", "person", "operator", "operator_key", "system"])
    id = s.CharField(allow_null=True)
    label = s.CharField(help_text="A key's prefix, a person's email.")
    address = s.CharField(allow_null=True)


class AuditTarget(s.Serializer[object]):
    type = s.CharField()
    id = s.CharField()


class AuditEvent(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    at = s.DateTimeField()
    action = s.CharField(help_text='For example "api_key.revoked".')
    actor = AuditActor()
    target = AuditTarget()
    before = s.JSONField(help_text="What differs, as it was.")
    after = s.JSONField(help_text="What differs, as it is.")
    tenant_id = s.CharField(allow_null=True, help_text="null for what concerns the platform.")


class ApiKeyPage(Page):
    data = ApiKey(many=True)


class MemberPage(Page):
    data = Member(many=True)


class InvitationPage(Page):
    data = Invitation(many=True)


class AuditEventPage(Page):
    data = AuditEvent(many=True)


LIVEMODE = OpenApiParameter("livemode", OpenApiTypes.BOOL, description="Only keys of this mode.")
AUDIT = [
    OpenApiParameter("action", OpenApiTypes.STR, description="`api_key.revoked`, or `api_key` for all of keys."),
    OpenApiParameter("actor", OpenApiTypes.STR, description="An id (`key_…`, `usr_…`), or a type of actors."),
    OpenApiParameter("target", OpenApiTypes.STR, description="The id of what was changed."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="Not before this time."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Before this time."),
    OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators: one tenant's."),
]
