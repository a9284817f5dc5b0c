"""The shapes of collections for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from cavendish.http.schema import CREATED, Page


class Collection(s.Serializer[object]):
    """Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    description = s.CharField()
    livemode = s.BooleanField()
    output_count = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField(help_text="When its name or description was changed.")


class CollectionPage(Page):
    data = Collection(many=True)


class CollectionOutput(s.Serializer[object]):
    object = s.CharField()
    collection_id = s.CharField()
    output_id = s.CharField()
    added_at = s.DateTimeField()


COLLECTIONS = [OpenApiParameter("name", OpenApiTypes.STR, description="Those of just this name."), *CREATED]
