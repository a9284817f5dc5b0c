"""`/api/v1/wallet`, `/ledger` and `/subscription`: what a tenant has, what moved it, what it has subscribed to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from accounts.authentication.parameters import CREATED, Parameters
from accounts.models import Tenant
from billing.ledger.representation import entry_json
from billing.models import LedgerEntry, LedgerTransaction
from billing.spans import SPAN, span_of
from billing.wallets import schema
from billing.wallets.bodies import WalletChange
from billing.wallets.representation import wallet_json
from billing.wallets.services import wallet_threshold_set
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import body_of
from cavendish.http.pages import page_json, page_read_numbered
from cavendish.http.schema import PAGING, problems


def ledger_page(request: Request, *, tenant_id: UUID, livemode: bool | None, operator: bool) -> dict[str, Any]:
    """Returns a page of the wallet's movements, the last first; of both modes when `livemode` is None."""
    parameters = Parameters(request, takes=(*CREATED, *SPAN, "kind", "generation_id"))
    created = parameters.created("transaction__at", by_id=False)
    start, end = span_of(parameters, Tenant.objects.values_list("billing_timezone", flat=True).get(id=tenant_id))
    kind = parameters.choice("kind", tuple(LedgerTransaction.Kind.values))
    generation_id = parameters.id("generation_id", ids.GENERATION)
    parameters.close()
    rows = LedgerEntry.objects.filter(tenant_id=tenant_id, account=LedgerEntry.Account.WALLET, **created)
    if generation_id is not None:
        rows = rows.filter(transaction__generation_id=generation_id)
    if start is not None:
        rows = rows.filter(transaction__at__gte=start)
    if end is not None:
        rows = rows.filter(transaction__at__lt=end)
    rows = rows.select_related("transaction")
    if livemode is not None:
        rows = rows.filter(livemode=livemode)
    if kind:
        rows = rows.filter(transaction__kind=kind)
    page, following = page_read_numbered(request, rows, "entry")
    return page_json([entry_json(entry, operator=operator) for entry in page], following)


class WalletView(APIView):
    scopes = {"GET": "billing", "PATCH": "billing"}

    @extend_schema(
        operation_id="wallet_get", responses={200: schema.Wallet, **problems(401, 403, 404)}, tags=["wallet"]
    )
    def get(self, request: Request) -> Response:
        """The money of this key's mode: balance, what is held, credits, included pictures."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            return Response(wallet_json(tenant_id=who.tenant_id, livemode=who.livemode))

    @extend_schema(
        operation_id="wallet_update",
        request=WalletChange,
        responses={200: schema.Wallet, **problems(400, 401, 403, 404, 422)},
        tags=["wallet"],
    )
    def patch(self, request: Request) -> Response:
        """Sets below which balance people get a mail; null sends none."""
        who = principal(request)
        values = body_of(request, WalletChange, partial=True)
        if "low_balance_threshold" in values:
            wallet_threshold_set(
                tenant_id=who.tenant_id,
                threshold=values["low_balance_threshold"],
                actor=actor(request),
                livemode=who.livemode,
            )
        with tenant_work(who.tenant_id):
            return Response(wallet_json(tenant_id=who.tenant_id, livemode=who.livemode))


class LedgerView(APIView):
    scopes = {"GET": "billing"}

    @extend_schema(
        operation_id="ledger_list",
        parameters=[*schema.ENTRIES, *PAGING],
        responses={200: schema.LedgerPage, **problems(401, 403, 422)},
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """Every movement of the wallet, the last first; their amounts sum to the balance."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            return Response(ledger_page(request, tenant_id=who.tenant_id, livemode=who.livemode, operator=False))
