"""OpenAPI shapes that all parts of the native API share: problems and pages."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers as s

from cavendish.http.shapes import MOMENT, QUANTITY, TEXT, TRUTH, WHOLE, Shaped, define, nullable, obj


class FieldProblem(s.Serializer[object]):
    pointer = s.CharField(help_text="The location of the wrong value, as a JSON pointer (RFC 6901).")
    code = s.CharField()
    detail = s.CharField()


_TALLY = {"metric": TEXT, "limit": WHOLE, "used": WHOLE, "resets_at": MOMENT}
_BUDGET = {
    "id": TEXT,
    "scope": TEXT,
    "scope_id": TEXT,
    "period": TEXT,
    "metric": TEXT,
    "currency": nullable(TEXT),
    "limit": QUANTITY,
    "used": QUANTITY,
    "held": QUANTITY,
    "wanted": QUANTITY,
    "resets_at": nullable(MOMENT),
    "set_by_operator": TRUTH,
}
_WALLET = {name: nullable(TEXT) for name in ("balance", "held", "credit_limit", "currency")} | {
    "tax_kept": TEXT,
    "wanted": TEXT,
}


class ProblemDetails(s.Serializer[object]):
    """What some codes of problems bring with them."""

    required_scope = s.CharField(required=False, help_text="The scope that the key lacks.")
    violated_policies = s.ListField(child=s.CharField(), required=False, help_text="The names of rate limits.")
    limit = Shaped(
        {"anyOf": [WHOLE, obj(_TALLY)]}, required=False, help_text="What is reached; as an object the limit of a day."
    )
    used = s.IntegerField(required=False)
    budget = Shaped(define("ExceededBudget", obj(_BUDGET)), required=False)
    wallet = Shaped(define("ExceededWallet", obj(_WALLET)), required=False)
    policy = Shaped(obj({"version": TEXT, "accepted": nullable(TEXT)}), required=False)
    rule = Shaped(obj({"id": TEXT, "type": TEXT}), required=False, help_text="The guard rule that refuses.")
    reason = s.CharField(required=False, allow_null=True)


class ProblemBody(ProblemDetails):
    """An error, `application/problem+json` (RFC 9457). What else is in it depends on `code`."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    code = s.CharField(help_text="A stable code for programs.")
    detail = s.CharField()
    errors = FieldProblem(many=True)
    request_id = s.CharField(help_text="The answer's `X-Request-Id`.")
    required_permission = s.CharField(required=False, help_text="What the role of the operator's key lacks.")
    role = s.CharField(required=False, allow_null=True, help_text="The role of the operator's key.")


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Returns the responses of an operation that fails with these statuses."""
    return {(status, "application/problem+json"): OpenApiResponse(ProblemBody) for status in statuses}


def of_audience(
    tenants: type[s.Serializer[object]], operators: type[s.Serializer[object]]
) -> PolymorphicProxySerializer:
    """Returns the shape of an answer that says more to operators; each document has its own of the two."""
    return PolymorphicProxySerializer(
        component_name=f"Any{tenants.__name__}", serializers=[tenants, operators], resource_type_field_name=None
    )


class Page(s.Serializer[object]):
    object = s.CharField()
    has_more = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)


CREATED = [
    OpenApiParameter("created_after", OpenApiTypes.DATETIME),
    OpenApiParameter("created_before", OpenApiTypes.DATETIME),
]
PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 100. Defaults to 20."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="The `next_cursor` of the previous page."),
]

CSV_STYLE = [
    OpenApiParameter("bom", OpenApiTypes.BOOL, description="Begin with a byte order mark, as Excel wants it."),
    OpenApiParameter("delimiter", OpenApiTypes.STR, enum=[",", ";", "tab"], description="A comma when absent."),
    OpenApiParameter(
        "decimal", OpenApiTypes.STR, enum=[".", ","], description="With a comma the delimiter is a semicolon."
    ),
]
"""Of files of CSV (csv_files.py)."""
