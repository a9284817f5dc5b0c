"""`/api/v1/quotes`: what a generation would cost, without running it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import principal
from accounts.idempotency import IdempotentView, Replay
from billing.models import Tier
from cavendish.http.problems import invalid_value
from cavendish.http.schema import problems
from generations.accept.funnel import quote_build
from generations.api import schema
from generations.api.representation import quote_json


class QuoteCreate(IdempotentView):
    scopes = {"POST": "generate"}
    replays = Replay.KEPT

    @extend_schema(
        operation_id="quotes_create",
        parameters=[schema.TIER],
        request=schema.GenerationRequest,
        responses={200: schema.Quote, **problems(400, 401, 403, 404, 413, 422)},
        tags=["quotes"],
    )
    def post(self, request: Request) -> Response:
        """Expected and worst-case tokens and money of a generation's body. Nothing is held and nothing is kept."""
        tier = request.query_params.get("tier", Tier.STANDARD)
        if tier not in Tier.values:
            raise invalid_value("/tier", "unknown_value", f"Use one of {', '.join(Tier.values)}.")
        parsed, spec, quote = quote_build(who=principal(request), body=request._request, tier=tier)
        return Response(quote_json(quote, spec, tier=tier, variants=parsed.variants))
