"""`/api/v1/usage`: what was used and what it costs, as JSON or CSV; the records; the metadata that is summed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.http import FileResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.permissions import require_live_key
from accounts.authentication.tenant_or_operator import TenantOrOperatorAuthentication, HasScopeOrIsOperator, principal_context
from billing.money import amount_text
from billing.usage import schema
from billing.usage.dashboard import UPSTREAM_CURRENCY
from billing.usage.export import export_records, export_usage
from billing.usage.parameters import GROUPED, UsageParameters, cursor_write
from billing.usage.query import DIMENSIONS, METADATA, UsageQuery
from billing.usage.selectors import Sums, UsageRow, usage_read, usage_tags
from billing.usage.services import usage_tags_set
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.json_body import body_of
from cavendish.http.problems import invalid_value
from cavendish.http.schema import problems

IDS = {"tenant": ids.TENANT, "key": ids.API_KEY, "member": ids.USER}


class UsageView(APIView):
    """Tenants see their own price, operators every tenant's, and the cost beside it."""

    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "billing"}


class UsageReport(UsageView):
    @extend_schema(
        operation_id="usage_get",
        responses={(200, "application/json"): schema.UsageSummary, (200, "text/csv"): str, **problems(401, 403, 422)},
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
        full = parameters.is_operator
        totals = [sums_json(sums, full=full) for sums in page.totals]
        return Response(
            {
                "object": "usage",
                "from": moment_text(query.start),
                "to": moment_text(query.end),
                "timezone": parameters.zone,
                "livemode": query.livemode,
                "group_by": [f"{METADATA}.{query.tag}" if name == METADATA else name for name in query.group_by],
                "data": [row_json(query, row, full=full) for row in page.rows],
                "totals": totals if full else (totals or [sums_json(Sums(""), full=False) | {"currency": None}])[0],
                "has_more": page.next is not None,
                "next_cursor": cursor_write(page.next) if page.next else None,
            }
        )


class UsageCsv(UsageView):
    @extend_schema(
        operation_id="usage_csv",
        responses={(200, "text/csv"): str, **problems(401, 403, 422)},
        parameters=[*schema.GROUPING, *schema.USAGE_FILTERS],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The same report as CSV: all rows, without totals, so that the sum of a column is right."""
        return usage_csv(request)


class UsageRecordsCsv(UsageView):
    @extend_schema(
        operation_id="usage_records_csv",
        responses={(200, "text/csv"): str, **problems(401, 403, 422)},
        parameters=schema.USAGE_FILTERS,
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every usage record as CSV: one line for each kind of each generation. Its amounts sum to the report's."""
        parameters = UsageParameters(request, takes=())
        query = parameters.query()
        if query.tenant_id is None:
            raise invalid_value("/tenant_id", "required", "Name the tenant whose records you want.")
        return csv_response(parameters, "usage-records", query, export_records)


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
    parameters = UsageParameters(request, takes=("group_by",))
    query = parameters.query()
    if not query.group_by:
        raise invalid_value("/group_by", "required", "Name what the rows of the CSV are, for example day,model.")
    return csv_response(parameters, "usage", query, export_usage)


def csv_response(
    parameters: UsageParameters, name: str, query: UsageQuery, export: Callable[..., None]
) -> HttpResponseBase:
    """An export as a download.

    It goes through a file without a name: a slow client then holds neither a connection nor a snapshot, and an error
    of the query is an answer instead of a broken download.
    """
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the response closes it
    try:
        with principal_context(parameters.user):
            export(query, file.write, operator=parameters.is_operator)
    except BaseException:
        file.close()
        raise
    # Back into the pool now, and not when the last byte was sent.
    connections["operator" if parameters.is_operator else "default"].close()
    file.seek(0)
    span = f"{moment_text(query.start)}-{moment_text(query.end)}".replace(":", "")
    return FileResponse(file, as_attachment=True, filename=f"{name}-{span}.csv", content_type="text/csv; charset=utf-8")


def moment_text(moment: date | datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if isinstance(moment, datetime) else moment.isoformat()


def row_json(query: UsageQuery, row: UsageRow, *, full: bool) -> dict[str, Any]:
    """Every field is always there: null where rows are not grouped by it."""
    shown: dict[str, Any] = {
        dimension.column: None
        for name, dimension in DIMENSIONS.items()
        if name != METADATA and (full or name != "tenant")
    }
    shown[METADATA] = {}
    for name, value in row.group.items():
        match value:
            case UUID():
                text: str | None = ids.encode(IDS[name], value)
            case date() if name == "month":
                text = f"{value:%Y-%m}"
            case date():
                text = moment_text(value)
            case _:
                text = value
        if name == METADATA:
            shown[METADATA] = {query.tag: text}
        else:
            shown[DIMENSIONS[name].column] = text
    return {**shown, **sums_json(row.sums, full=full)}


def sums_json(sums: Sums, *, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "tokens": sums.tokens,
        "search_queries": sums.search_queries,
        "images": sums.images,
        "requests": sums.requests,
        "amount": amount_text(sums.amount),
        "currency": sums.currency,
    }
    if full:
        same = sums.currency == UPSTREAM_CURRENCY
        shown |= {
            "cost": amount_text(sums.cost),
            "cost_currency": UPSTREAM_CURRENCY,
            "margin": amount_text(sums.amount - sums.cost) if same else None,
        }
    return shown
