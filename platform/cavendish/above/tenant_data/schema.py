"""OpenAPI shapes of exports and erasures, and the body that requests an erasure."""

from __future__ import annotations

from rest_framework import serializers

from cavendish.http.json_body import Body, Text, WholeNumber


class ErasureNew(Body):
    slug = Text(max_length=50, help_text="The tenant's slug, to confirm that it is the right one.")
    days = WholeNumber(
        required=False,
        min_value=0,
        max_value=365,
        help_text="Days until the erasure begins. Defaults to the platform's setting, 30.",
    )


class Export(serializers.Serializer[None]):
    id = serializers.CharField()
    object = serializers.CharField()
    tenant_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["queued", "running", "ready", "expired"])
    section = serializers.CharField(allow_null=True, help_text="The section that is being written.")
    bytes = serializers.IntegerField()
    files = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="Objects that the store no longer has.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField(allow_null=True, help_text="A signed URL of the tar archive; supports Range.")
    url_expires_at = serializers.DateTimeField(allow_null=True)


class ExportPage(serializers.Serializer[None]):
    object = serializers.CharField()
    data = Export(many=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class Erasure(serializers.Serializer[None]):
    object = serializers.CharField()
    tenant_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["waiting", "running", "done", "canceled"])
    step = serializers.CharField(allow_null=True)
    erased = serializers.DictField(child=serializers.IntegerField(), help_text="How many things were erased, by step.")
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
