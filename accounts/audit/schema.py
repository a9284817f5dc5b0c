"""Shapes of audit events for OpenAPI, and of who made a thing. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import Page


class Maker(s.Serializer[object]):
    type = s.ChoiceField(choices=["person", "key"])
    id = s.CharField()


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


class AuditEventPage(Page):
    data = AuditEvent(many=True)


AUDIT = [
    OpenApiParameter("action", OpenApiTypes.STR, description="`api_key.revoked`, or `api_key` for all of keys."),
    OpenApiParameter("actor", OpenApiTypes.STR, description="An id (`key_…`, `usr_…`), or a type of actors."),
    OpenApiParameter("target", OpenApiTypes.STR, description="The id of what was changed."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="Not before this time."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Before this time."),
    OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators: one tenant's."),
]
