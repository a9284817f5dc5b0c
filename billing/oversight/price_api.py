"""`/api/v1/price-book/preview`, for operators: what new prices would change and sell below cost."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.operators import OperatorView
from accounts.idempotency import Replay
from accounts.roles.operators import OperatorPermission
from billing.oversight.below_cost import below_cost_with
from billing.oversight.representation import below_cost_json
from billing.prices import schema
from billing.prices.api import prices_parse
from billing.prices.bodies import PricesBody
from billing.prices.representation import change_json
from billing.prices.services import prices_preview


class PriceBookPreview(OperatorView):
    operator_permissions = {"POST": OperatorPermission.PRICES}

    replays = Replay.KEPT

    @extend_schema(
        operation_id="price_book_preview",
        request=PricesBody,
        responses={200: schema.PriceChanges, **schema.problems(400, 401, 404, 422)},
        tags=["prices"],
    )
    def post(self, request: Request) -> Response:
        """What the same body would change, old beside new, and what of it is below its cost. Nothing is written."""
        plan, new, values = prices_parse(request)
        moment, changes = prices_preview(plan=plan, new=new, effective_from=values["effective_from"])
        below = below_cost_with(plan, [change.new for change in changes], at=moment)
        return Response(
            {
                "object": "price_changes",
                "effective_from": moment,
                "currency": plan.currency if plan else "USD",
                "data": [change_json(change) for change in changes],
                "below_cost": [below_cost_json(row) for row in below],
            }
        )
