"""`/api/v1/usage`: what was used and what it costs, as JSON or CSV; the records; the metadata that is summed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.permissions import require_live_key
from accounts.authentication.tenant_or_operator import (
    HasScopeOrIsOperator,
    TenantOrOperatorAuthentication,
    principal_context,
)
from accounts.roles.operators import OperatorPermission
from billing.usage import schema
from billing.usage.export import export_records, export_usage
from billing.usage.parameters import GROUPED, UsageParameters
from billing.usage.query import UsageQuery
from billing.usage.representation import moment_text, usage_json
from billing.usage.selectors import usage_read, usage_tags
from billing.usage.services import usage_tags_set
from cavendish.db.tenancy import tenant_context
from cavendish.http.csv_files import NAMES, CsvStyle, Write
from cavendish.http.downloads import CSV, file_response
from cavendish.http.json_body import body_of
from cavendish.http.problems import invalid_value
from cavendish.http.schema import CSV_STYLE, problems


class UsageView(APIView):
    """Tenants see their own price, operators every tenant's, and the cost beside it."""

    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "billing"}
    operator_permissions = {"GET": OperatorPermission.VIEW}


class UsageReport(UsageView):
    @extend_schema(
        operation_id="usage_get",
        responses={(200, "application/json"): schema.USAGE, (200, "text/csv"): str, **problems(401, 403, 422)},
        parameters=[*schema.GROUPING, *schema.USAGE_FILTERS, *schema.USAGE_PAGING],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Usage and what it costs, summed by what `group_by` names. With `Accept: text/csv` all rows come as CSV."""
        if request.headers.get("Accept", "").partition(";")[0].strip().lower() == "text/csv":
            return usage_csv(request)
        parameters = UsageParameters(request, takes=GROUPED)
        limit = parameters.limit()
        query = parameters.query()
        after = parameters.cursor(query.group_by)
        with principal_context(parameters.user):
            page = usage_read(query, after=after, limit=limit)
        return Response(usage_json(query, page, timezone=parameters.zone, is_operator=parameters.is_operator))


class UsageCsv(UsageView):
    @extend_schema(
        operation_id="usage_csv",
        responses={(200, "text/csv"): str, **problems(401, 403, 422)},
        parameters=[*schema.GROUPING, *schema.USAGE_FILTERS, *CSV_STYLE],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The same report as CSV: all rows, without totals, so that the sum of a column is right."""
        return usage_csv(request)


class UsageRecordsCsv(UsageView):
    @extend_schema(
        operation_id="usage_records_csv",
        responses={(200, "text/csv"): str, **problems(401, 403, 422)},
        parameters=[*schema.USAGE_FILTERS, *CSV_STYLE],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every usage record as CSV: one line for each kind of each generation. Its amounts sum to the report's."""
        parameters = UsageParameters(request, takes=NAMES)
        style = parameters.style()
        query = parameters.query()
        if query.tenant_id is None:
            raise invalid_value("/tenant_id", "required", "Name the tenant whose records you want.")
        return csv_response(parameters, "usage-records", query, export_records, style)


class UsageTags(APIView):
    scopes = {"GET": "billing", "PATCH": "billing"}

    @extend_schema(
        operation_id="usage_tags_get", responses={200: schema.UsageTags, **problems(401, 403)}, tags=["usage"]
    )
    def get(self, request: Request) -> Response:
        """The metadata keys by which usage is summed."""
        who = principal(request)
        with tenant_context(who.tenant_id):
            return Response({"object": "usage_tags", "tags": usage_tags(who.tenant_id)})

    @extend_schema(
        operation_id="usage_tags_change",
        request=schema.UsageTagsChange,
        responses={200: schema.UsageTags, **problems(400, 401, 403, 422)},
        tags=["usage"],
    )
    def patch(self, request: Request) -> Response:
        """Chooses them, up to five, for both modes: it takes a live key. Earlier usage has no sums by a new key."""
        require_live_key(request, "Live usage is summed by them too")
        who = principal(request)
        body = body_of(request, schema.UsageTagsChange)
        kept = usage_tags_set(tenant_id=who.tenant_id, keys=body["tags"], actor=actor(request))
        return Response({"object": "usage_tags", "tags": kept})


def usage_csv(request: Request) -> HttpResponseBase:
    parameters = UsageParameters(request, takes=("group_by", *NAMES))
    style = parameters.style()
    query = parameters.query()
    if not query.group_by:
        query = replace(query, group_by=("day",))
    return csv_response(parameters, "usage", query, export_usage, style)


def csv_response(
    parameters: UsageParameters, name: str, query: UsageQuery, export: Callable[..., None], style: CsvStyle
) -> HttpResponseBase:
    """Returns an export as a download."""

    def fill(write: Write) -> None:
        with principal_context(parameters.user):
            export(query, write, operator=parameters.is_operator, style=style)

    span = f"{moment_text(query.start)}-{moment_text(query.end)}".replace(":", "")
    alias = "operator" if parameters.is_operator else "default"
    return file_response(f"{name}-{span}.csv", CSV, fill, alias=alias)
