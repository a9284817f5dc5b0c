"""`/api/v1/flagged-charges` and `/api/v1/charges/{generation_id}/refunds`, for operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import CREATED, Parameters
from accounts.roles.operators import OperatorPermission
from billing.charges import schema as charges_schema
from billing.charges.bodies import RefundBody, ResolutionBody
from billing.charges.representation import flagged_charge_json
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.ledger.representation import transaction_json
from billing.models import Charge, LedgerTransaction
from billing.wallets import schema
from cavendish.db import ids
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read
from cavendish.http.problems import invalid_value, not_found
from cavendish.http.schema import CREATED as CREATED_TIMES
from cavendish.http.schema import PAGING, problems

FLAG = re.compile(r"[a-z_]{1,60}")


class FlaggedChargeList(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="flagged_charges_list",
        parameters=[schema.TENANT, schema.FLAG, schema.RESOLVED, *CREATED_TIMES, *PAGING],
        responses={200: charges_schema.FlaggedChargePage, **problems(401, 404, 422)},
        tags=["charges"],
    )
    def get(self, request: Request) -> Response:
        """Charges that somebody should look at, the newest generation first. Those without a decision, unless asked."""
        parameters = Parameters(request, takes=(*CREATED, "tenant_id", "flag", "resolved"))
        created = parameters.created(by_id=False)
        parameters.close()
        rows = Charge.objects.filter(~Q(flags=[]), **created).select_related("resolution")
        query = request.query_params
        if public := query.get("tenant_id"):
            tenant = ids.decode(ids.TENANT, public)
            if tenant is None:
                raise not_found()
            rows = rows.filter(tenant_id=tenant)
        if flag := query.get("flag"):
            if not FLAG.fullmatch(flag):
                raise invalid_value("/flag", "unknown_value", "A flag is written like unknown_kind.")
            rows = rows.filter(flags__contains=[flag])
        match query.get("resolved", "false"):
            case "false":
                rows = rows.filter(resolution=None)
            case "true":
                rows = rows.exclude(resolution=None)
            case "all":
                pass
            case _:
                raise invalid_value("/resolved", "unknown_value", "Use false, true or all.")
        page, following = page_read(request, rows, ids.GENERATION, key="generation_id")
        return Response(page_json([flagged_charge_json(charge) for charge in page], following))


class FlaggedChargeResolve(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="flagged_charges_resolve",
        request=ResolutionBody,
        responses={200: charges_schema.FlaggedCharge, **problems(400, 401, 404, 409, 422)},
        tags=["charges"],
    )
    def post(self, request: Request, generation_id: str) -> Response:
        """Says what was decided about a flagged charge, once, and corrects the wallet if need be."""
        charge, values = _charge(generation_id), body_of(request, ResolutionBody)
        flagged_charge_resolve(
            tenant_id=charge.tenant_id,
            generation_id=charge.generation_id,
            actor=actor(request),
            note=values["note"],
            adjustment=values["adjustment"],
        )
        return Response(flagged_charge_json(_charge(generation_id)))

    def replay(self, request: Request, created_ids: Sequence[str], generation_id: str) -> Response:
        return Response(flagged_charge_json(_charge(generation_id)))


class ChargeRefunds(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="charges_refunds_create",
        request=RefundBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["charges"],
    )
    def post(self, request: Request, generation_id: str) -> Response:
        """Gives a generation's charge back, whole or in part, never more than it was."""
        charge, values = _charge(generation_id), body_of(request, RefundBody)
        movement = charge_refund(
            tenant_id=charge.tenant_id, generation_id=charge.generation_id, actor=actor(request), **values
        )
        return Response(transaction_json(movement), status=201)

    def replay(self, request: Request, created_ids: Sequence[str], generation_id: str) -> Response:
        return Response(transaction_json(LedgerTransaction.objects.get(id=UUID(created_ids[0]))), status=201)


def _charge(public: str) -> Charge:
    generation_id: UUID | None = ids.decode(ids.GENERATION, public)
    charge: Charge | None = None
    if generation_id is not None:
        charge = Charge.objects.filter(generation_id=generation_id).select_related("resolution").first()
    if charge is None:
        raise not_found()
    return charge
