"""The shapes of reports of usage for OpenAPI, and what the choice of metadata takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s
from rest_framework.exceptions import ValidationError

from billing.usage.services import MAX_TAGS
from cavendish.http.json_body import Body, Listed, Text
from cavendish.http.schema import of_audience


class UsageSums(s.Serializer[object]):
    tokens = s.IntegerField(help_text="Of all kinds, in and out.")
    search_queries = s.IntegerField()
    images = s.IntegerField(help_text="Pictures that were charged; they stand at kind image_output.")
    requests = s.IntegerField(help_text="Generations that ended, charged or not; they stand at kind request.")
    amount = s.CharField(help_text="Nine decimal places.")
    currency = s.CharField(allow_null=True)


class UsageCosts(s.Serializer[object]):
    cost = s.CharField(help_text="What the upstream charges.")
    cost_currency = s.CharField()
    absorbed = s.CharField(
        help_text="Output beyond holds and pictures beyond max_images that were not given out, at the tenant's prices."
    )
    margin = s.CharField(allow_null=True, help_text="Amount less cost; null where their currencies differ.")


class OperatorUsageSums(UsageSums, UsageCosts):
    pass


class UsageRow(UsageSums):
    """Fields by which rows are not grouped are null."""

    hour = s.DateTimeField(allow_null=True, help_text="Its beginning; an hour of UTC.")
    day = s.DateField(allow_null=True, help_text="The billing date.")
    month = s.CharField(allow_null=True, help_text="For example 2026-11, of billing dates.")
    model = s.CharField(allow_null=True)
    key_id = s.CharField(allow_null=True)
    member_id = s.CharField(allow_null=True, help_text="Null also where the key counts for nobody.")
    image_size = s.CharField(allow_null=True, help_text="Empty where no picture was asked for.")
    kind = s.CharField(allow_null=True)
    tier = s.CharField(allow_null=True, help_text="standard, or batch for items of batches.")
    metadata = s.DictField(
        child=s.CharField(allow_null=True), help_text='{"team": "red"}; a null value sums what lacks the key.'
    )


class OperatorUsageRow(UsageRow, UsageCosts):
    """Fields by which rows are not grouped are null."""

    tenant_id = s.CharField(allow_null=True)


class UsageSummary(s.Serializer[object]):
    object = s.CharField()
    data = UsageRow(many=True)
    totals = UsageSums(help_text="Of all pages.")
    timezone = s.CharField(help_text="Billing dates are days of this time zone.")
    livemode = s.BooleanField()
    group_by = s.ListField(child=s.CharField())
    has_more = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        """`from` is no name in Python."""
        moment = {name: s.CharField(help_text="A billing date or a time, as asked.") for name in ("from", "to")}
        return {**super().get_fields(), **moment}


class OperatorUsageSummary(UsageSummary):
    data = OperatorUsageRow(many=True)
    totals = OperatorUsageSums(many=True, help_text="Of all pages, one entry for each currency.")


USAGE = of_audience(UsageSummary, OperatorUsageSummary)


class UsageTags(s.Serializer[object]):
    object = s.CharField()
    tags = s.ListField(child=s.CharField())


class UsageTagsChange(Body):
    tags = Listed(
        child=Text(min_length=1, max_length=64, trim_whitespace=False),
        max_length=MAX_TAGS,
        help_text=f"Metadata keys, at most {MAX_TAGS}; a generation's metadata under them is summed.",
    )

    def validate_tags(self, tags: list[str]) -> list[str]:
        for tag in tags:
            if "," in tag:
                raise ValidationError(
                    "A key that is summed holds no comma; group_by is parted by them.", "unknown_value"
                )
        return tags


GROUPING = [
    OpenApiParameter(
        "group_by",
        OpenApiTypes.STR,
        description="hour, day, month, model, key, member, size, kind, metadata.<key>; several are parted by commas. "
        "With metadata.<key>: day, month, model, size, kind.",
    )
]
USAGE_FILTERS = [
    OpenApiParameter(
        "from",
        OpenApiTypes.STR,
        description="A billing date in the tenant's time zone (2026-11-01), or a time on a whole hour of UTC "
        "(2026-11-01T00:00:00Z). The first of this month when absent.",
    ),
    OpenApiParameter(
        "to",
        OpenApiTypes.STR,
        description="Exclusive, of the same kind as `from`. Tomorrow when absent. At most 1,100 days, 31 by hour.",
    ),
    OpenApiParameter("model", OpenApiTypes.STR),
    OpenApiParameter("key_id", OpenApiTypes.STR),
    OpenApiParameter("member_id", OpenApiTypes.STR),
    OpenApiParameter("livemode", OpenApiTypes.BOOL, description="The key's own mode when absent."),
    OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators only."),
]
USAGE_PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 10,000 rows, 1,000 when absent."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]
