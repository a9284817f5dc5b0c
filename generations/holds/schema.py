"""OpenAPI shapes of legal holds, and the body that sets one."""

from __future__ import annotations

from rest_framework import serializers

from cavendish.http.json_body import Body, Text
from cavendish.http.schema import Page


class LegalHoldNew(Body):
    reason = Text(max_length=500, help_text="Why it is held. Only operators read it.")
    generation_id = Text(
        max_length=100,
        required=False,
        allow_null=True,
        help_text="The generation to hold; everything of the tenant without it.",
    )


class LegalHold(serializers.Serializer[object]):
    id = serializers.CharField()
    object = serializers.CharField()
    tenant_id = serializers.CharField()
    generation_id = serializers.CharField(allow_null=True, help_text="null: everything of the tenant.")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)


class LegalHoldPage(Page):
    data = LegalHold(many=True)
