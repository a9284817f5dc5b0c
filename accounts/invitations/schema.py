"""OpenAPI shapes of invitations. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.audit.schema import Creator
from accounts.models import Role
from cavendish.http.schema import CREATED, Page


class Invitation(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    email = s.EmailField()
    role = s.ChoiceField(choices=Role.values)
    status = s.ChoiceField(choices=["open", "accepted", "revoked", "expired"])
    created_at = s.DateTimeField()
    created_by = Creator(allow_null=True)
    sent_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    accepted_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)


class InvitationPage(Page):
    data = Invitation(many=True)


INVITATIONS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=["open", "accepted", "revoked", "expired"]),
    OpenApiParameter("email", OpenApiTypes.STR),
    *CREATED,
]
