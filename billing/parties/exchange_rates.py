"""`/api/v1/exchange-rates`: by which rate VAT is in the currency in which a company owes it, entered by operators."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters
from accounts.idempotency import note_created
from accounts.roles.operators import OperatorPermission
from billing.fields import Day, Money, decimal_text
from billing.models import ExchangeRate
from billing.parties import schema
from billing.parties.bodies import Currency
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.json_body import Body, Text, body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import conflict
from cavendish.http.schema import PAGING, problems


class RateBody(Body):
    currency = Currency()
    tax_currency = Currency()
    rate = Money()
    valid_from = Day()
    source = Text(max_length=100, allow_blank=True, required=False, default="")  # type: ignore[assignment]


def exchange_rate_add(*, actor: Actor, **fields: object) -> ExchangeRate:
    """Enters a rate; invoices that are issued from its day on take it. Raises Problem 409 for a day that has one."""
    try:
        with transaction.atomic(using=current_alias()):
            rate: ExchangeRate = ExchangeRate.objects.create(**fields)
            audit_add(
                actor=actor,
                action="exchange_rate.added",
                tenant_id=None,
                target="exchange_rate",
                target_id=rate.id,
                after={name: str(value) for name, value in fields.items()},
            )
            note_created(rate.id)
    except IntegrityError:
        raise conflict(
            "rate_known", "These currencies have a rate from this day on; rates are never changed."
        ) from None
    return rate


class ExchangeRates(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="exchange_rates_list",
        responses={200: schema.ExchangeRatePage, **problems(401, 422)},
        parameters=PAGING,
        tags=["operators"],
    )
    def get(self, request: Request) -> Response:
        """Rates for VAT, the last entered first."""
        Parameters(request).close()
        page, cursor = page_read(request, ExchangeRate.objects.all(), ids.EXCHANGE_RATE)
        return Response(page_json([exchange_rate_json(rate) for rate in page], cursor))

    @extend_schema(
        operation_id="exchange_rates_create",
        request=schema.RateBody,
        responses={201: schema.ExchangeRate, **problems(400, 401, 409, 422)},
        tags=["operators"],
    )
    def post(self, request: Request) -> Response:
        """Enters what one of `currency` is in `tax_currency` from a day on. Invoices keep the rate of their issue."""
        rate = exchange_rate_add(actor=actor(request), **body_of(request, RateBody))
        return Response(exchange_rate_json(rate), 201)

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return Response(exchange_rate_json(ExchangeRate.objects.get(id=UUID(created_ids[0]))), 201)


def exchange_rate_json(rate: ExchangeRate) -> dict[str, str]:
    return {
        "id": ids.encode(ids.EXCHANGE_RATE, rate.id),
        "object": "exchange_rate",
        "currency": rate.currency,
        "tax_currency": rate.tax_currency,
        "rate": decimal_text(rate.rate),
        "valid_from": rate.valid_from.isoformat(),
        "source": rate.source,
    }
