"""Shapes for OpenAPI that every part of the native API answers with: problems and pages."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers as s


class FieldProblem(s.Serializer[object]):
    pointer = s.CharField(help_text="Where the wrong value stands (RFC 6901).")
    code = s.CharField()
    detail = s.CharField()


class ProblemBody(s.Serializer[object]):
    """RFC 9457, `application/problem+json`."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    code = s.CharField(help_text="Stable; meant for programs.")
    detail = s.CharField()
    errors = FieldProblem(many=True)


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    return {(status, "application/problem+json"): OpenApiResponse(ProblemBody) for status in statuses}


class Page(s.Serializer[object]):
    object = s.CharField()
    has_more = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)


PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 100, 20 when absent."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]
