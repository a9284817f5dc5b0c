"""OpenAPI shapes that all parts of the native API share: problems and pages."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers as s


class FieldProblem(s.Serializer[object]):
    pointer = s.CharField(help_text="The location of the wrong value, as a JSON pointer (RFC 6901).")
    code = s.CharField()
    detail = s.CharField()


class ProblemBody(s.Serializer[object]):
    """An error, `application/problem+json` (RFC 9457)."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    code = s.CharField(help_text="A stable code for programs.")
    detail = s.CharField()
    errors = FieldProblem(many=True)


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Returns the responses of an operation that fails with these statuses."""
    return {(status, "application/problem+json"): OpenApiResponse(ProblemBody) for status in statuses}


class Page(s.Serializer[object]):
    object = s.CharField()
    has_more = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)


PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 100. Defaults to 20."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="The `next_cursor` of the previous page."),
]
