"""OpenAPI shapes of members. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.models import Role
from cavendish.http.schema import CREATED, Page


class Member(s.Serializer[object]):
    id = s.CharField(help_text="The person's id: usr_…")
    object = s.CharField()
    email = s.EmailField()
    name = s.CharField()
    role = s.ChoiceField(choices=Role.values)
    two_factor = s.BooleanField(help_text="Whether the person has an authenticator app or a passkey.")
    created_at = s.DateTimeField()


class MemberPage(Page):
    data = Member(many=True)


MEMBERS = [
    OpenApiParameter("role", OpenApiTypes.STR, enum=list(Role.values)),
    OpenApiParameter("email", OpenApiTypes.STR),
    *CREATED,
]
