"""OpenAPI shapes of audit events and of who created a thing. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import Page
from cavendish.http.shapes import ANY_OBJECT, Shaped


class Creator(s.Serializer[object]):
    type = s.ChoiceField(choices=["person", "key"])
    id = s.CharField()


class AuditActor(s.Serializer[object]):
    type = s.ChoiceField(choices=["key", "person", "operator", "operator_key", "system"])
    id = s.CharField(allow_null=True)
    label = s.CharField(help_text="A key's prefix or a person's email.")
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
    before = Shaped(ANY_OBJECT, help_text="The fields that changed, with their old values.")
    after = Shaped(ANY_OBJECT, help_text="The fields that changed, with their new values.")
    tenant_id = s.CharField(allow_null=True, help_text="null for events of the platform itself.")


class AuditEventPage(Page):
    data = AuditEvent(many=True)


AUDIT = [
    OpenApiParameter(
        "action", OpenApiTypes.STR, description="For example `api_key.revoked`, or `api_key` for all actions."
    ),
    OpenApiParameter("actor", OpenApiTypes.STR, description="An id (`key_…`, `usr_…`) or a type of actor."),
    OpenApiParameter("target", OpenApiTypes.STR, description="The id of the object that was changed."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="At or after this time."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Before this time."),
    OpenApiParameter("tenant_id", OpenApiTypes.STR, description="One tenant's events. For operators only."),
]
