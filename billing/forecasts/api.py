"""`/api/v1/usage/forecast`: what the month that runs, and the periods of budgets, will come to."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.parameters import Parameters
from accounts.models import Tenant
from billing.budgets.selectors import budget_uses, budgets_listed
from billing.forecasts import schema
from billing.forecasts.representation import forecast_json
from billing.forecasts.selectors import budget_forecasts, month_forecast
from billing.models import Wallet
from cavendish.db.tenancy import tenant_context
from cavendish.http.schema import problems

MOST_BUDGETS = 50


class UsageForecastView(APIView):
    scopes = {"GET": "billing"}

    @extend_schema(
        operation_id="usage_forecast",
        responses={200: schema.UsageForecast, **problems(401, 403, 422)},
        tags=["usage"],
    )
    def get(self, request: Request) -> Response:
        """What this month comes to at the pace of the last 28 days, and when each budget of this key's mode is full.

        A day is expected to bring the average of the same weekdays of the last 28 days.
        """
        Parameters(request).close()
        who = principal(request)
        with tenant_context(who.tenant_id):
            tenant = Tenant.objects.get(id=who.tenant_id)
            wallets = Wallet.objects.filter(tenant_id=who.tenant_id, livemode=who.livemode)
            rows = budgets_listed(tenant_id=who.tenant_id, livemode=who.livemode).order_by("-id")
            budgets = list(rows[:MOST_BUDGETS])
            uses = budget_uses(budgets) if budgets else {}
            return Response(
                forecast_json(
                    tenant,
                    month_forecast(tenant, livemode=who.livemode),
                    livemode=who.livemode,
                    currency=wallets.values_list("currency", flat=True).get(),
                    budgets=budgets,
                    of_budgets=budget_forecasts(tenant, budgets, uses),
                )
            )
