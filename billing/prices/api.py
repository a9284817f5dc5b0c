"""`/api/v1/price-book`, for operators: what the upstream charges and what plans charge, in versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import Parameters
from accounts.roles.operators import OperatorPermission
from billing.fields import moment_of
from billing.models import Kind, Plan, Price
from billing.prices import schema
from billing.prices.bodies import PricesBody
from billing.prices.representation import book_line_json, price_json
from billing.prices.selectors import book_lines
from billing.prices.services import NewPrice, prices_add
from cavendish.db import ids
from cavendish.gemini.catalog import UnknownModel, get_model, models
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read_numbered
from cavendish.http.problems import invalid_value, not_found


class PriceBook(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "POST": OperatorPermission.PRICES}

    @extend_schema(
        operation_id="price_book_get",
        parameters=[schema.PLAN, schema.AT, schema.MODEL],
        responses={200: schema.PriceBook, **schema.problems(401, 404, 422)},
        tags=["prices"],
    )
    def get(self, request: Request) -> Response:
        """The prices that apply at a moment, to a plan's tenants or, without a plan, from the upstream to us."""
        Parameters(request, takes=("plan_id", "model", "at")).close()
        plan = plan_of(request.query_params.get("plan_id"))
        at = moment_of(request, "at") or timezone.now()
        named = _model_parameter(request)
        lines = [
            book_line_json(model.id, line)
            for model in models()
            if named in (None, model.id)
            for line in book_lines(model, plan=plan, at=at)
        ]
        return Response(
            {
                "object": "price_book",
                "at": at,
                "plan_id": ids.encode(ids.PLAN, plan.id) if plan else None,
                "currency": plan.currency if plan else "USD",
                "data": lines,
            }
        )

    @extend_schema(
        operation_id="price_book_add",
        request=PricesBody,
        responses={201: schema.PricePage, **schema.problems(400, 401, 404, 422)},
        tags=["prices"],
    )
    def post(self, request: Request) -> Response:
        """Adds versions of prices. A price cannot start in the past of accepted generations."""
        plan, new, values = prices_parse(request)
        added = prices_add(
            plan=plan,
            new=new,
            effective_from=values["effective_from"],
            source=values["source"],
            actor=actor(request),
        )
        return self._added([row.id for row in added])

    def replay(self, request: Request, created_ids: Sequence[str]) -> Response:
        return self._added([int(row_id) for row_id in created_ids])

    def _added(self, row_ids: Sequence[int]) -> Response:
        rows = Price.objects.filter(id__in=row_ids).order_by("id")
        return Response(page_json([price_json(row) for row in rows], None), status=201)


class PriceHistory(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="price_book_history",
        parameters=[schema.PLAN, schema.MODEL, schema.KIND, *schema.PAGING],
        responses={200: schema.PricePage, **schema.problems(401, 404, 422)},
        tags=["prices"],
    )
    def get(self, request: Request) -> Response:
        """All versions of prices, the last added first, those that have not begun among them."""
        Parameters(request, takes=("plan_id", "model", "kind")).close()
        rows = Price.objects.filter(plan=plan_of(request.query_params.get("plan_id")))
        if model := _model_parameter(request):
            rows = rows.filter(model=model)
        if kind := _kind_parameter(request):
            rows = rows.filter(kind=kind)
        page, following = page_read_numbered(request, rows, ids.PRICE)
        return Response(page_json([price_json(row) for row in page], following))


def plan_of(public: str | None) -> Plan | None:
    """Returns the plan of an id; None for None, which is the upstream. Raises Problem for an id that is none."""
    if public is None:
        return None
    plan_id: UUID | None = ids.decode(ids.PLAN, public)
    plan = Plan.objects.filter(id=plan_id).first() if plan_id else None
    if plan is None:
        raise not_found()
    return plan


def _model_parameter(request: Request) -> str | None:
    """Returns the model in the query; None when it names none. Raises Problem."""
    name = request.query_params.get("model")
    if name is None:
        return None
    try:
        return get_model(name).id
    except UnknownModel as error:
        raise invalid_value("/model", "unknown_value", str(error)) from None


def _kind_parameter(request: Request) -> str | None:
    """Returns the kind in the query; None when it names none. Raises Problem."""
    kind = request.query_params.get("kind")
    if kind is not None and kind not in Kind.values:
        raise invalid_value("/kind", "unknown_value", f"Use one of {', '.join(Kind.values)}.")
    return kind


def prices_parse(request: Request) -> tuple[Plan | None, list[NewPrice], dict[str, Any]]:
    values = body_of(request, PricesBody)
    new = [NewPrice(**{**price, "image_size": price["image_size"] or ""}) for price in values["prices"]]
    return plan_of(values["plan_id"]), new, values
