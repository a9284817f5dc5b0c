"""`/api/v1/usage/anomalies`: the days on which more was spent than usual."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.parameters import Parameters
from accounts.authentication.tenant_or_operator import principal_context
from billing.anomalies import schema
from billing.anomalies.representation import anomaly_json
from billing.invoices.api import InvoiceView, sees_live, tenant_parameter
from billing.invoices.schema import TENANT
from billing.models import UsageAnomaly
from billing.spans import SPAN, days_of
from cavendish.db import ids
from cavendish.http.pages import page_json, page_read
from cavendish.http.schema import PAGING, problems


class UsageAnomalyList(InvoiceView):
    @extend_schema(
        operation_id="usage_anomalies",
        responses={200: schema.UsageAnomalyPage, **problems(401, 403, 422)},
        parameters=[*schema.DAYS, *PAGING, TENANT],
        tags=["usage"],
    )
    def get(self, request: Request) -> Response:
        """Days that were out of the tenant's or a key's pattern, the last noticed first. Of live use alone."""
        parameters = Parameters(request, takes=("tenant_id", *SPAN))
        first, end = days_of(parameters)
        parameters.close()
        user: Any = request.user
        with principal_context(user):
            rows = UsageAnomaly.objects.all() if sees_live(request) else UsageAnomaly.objects.none()
            if (tenant := tenant_parameter(request)) is not None:
                rows = rows.filter(tenant_id=tenant)
            if first is not None:
                rows = rows.filter(billing_date__gte=first)
            if end is not None:
                rows = rows.filter(billing_date__lt=end)
            page, cursor = page_read(request, rows, ids.ANOMALY)
        return Response(page_json([anomaly_json(row) for row in page], cursor))
