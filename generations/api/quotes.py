"""`/api/v1/quotes`: what a generation would cost, without running it."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.errors import BillingError
from cavendish.db.tenancy import tenant_door
from generations.api import schema
from generations.api.generations import check_may_submit, principal
from generations.api.refusals import problem_of
from generations.api.spool import request_spool
from generations.intake import intake_read
from generations.plan import plan_make
from generations.request import body_read, request_parse
from generations.services import generation_quote


class QuoteCreate(APIView):
    scopes = {"POST": "generate"}

    @extend_schema(
        operation_id="quotes_create",
        request=schema.GenerationRequest,
        responses={200: schema.Quote, **schema.problems(400, 401, 403, 404, 413, 422)},
        tags=["quotes"],
    )
    def post(self, request: Request) -> Response:
        """Expected and worst-case tokens and money of a generation's body. Nothing is held and nothing is kept."""
        who = principal(request)
        with request_spool() as spool:
            draft = request_parse(body_read(request._request, spool=spool, max_bytes=settings.MAX_BODY_BYTES))
            check_may_submit(who, draft)
            intake = intake_read(draft, tenant_id=who.tenant_id, livemode=who.livemode, spool=spool)
            try:
                plan = plan_make(draft, intake)
                with tenant_door(who.tenant_id):
                    quote = generation_quote(tenant_id=who.tenant_id, livemode=who.livemode, plan=plan)
            except BillingError as refusal:
                raise problem_of(refusal) from None
            finally:
                intake.discard()
        resolution = plan.resolution
        return Response(
            {
                **quote.as_json(),
                "model": draft.model.id,
                "aspect_ratio": resolution.aspect_ratio if resolution else None,
                "image_size": resolution.image_size if resolution else None,
                "width": resolution.width if resolution else None,
                "height": resolution.height if resolution else None,
                "notes": list(draft.model.notes),
            }
        )
