"""`/api/v1/tenants/{tenant_id}/…`: what operators do to a tenant's money, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_named
from accounts.roles.operators import OperatorPermission
from billing.credits.representation import credit_json
from billing.credits.services import credit_grant
from billing.ledger.representation import transaction_json
from billing.models import Credit, LedgerTransaction
from billing.wallets import schema
from billing.wallets.api import ledger_page
from billing.wallets.bodies import (
    AdjustmentBody,
    CreditBody,
    PayoutBody,
    ReversalBody,
    TenantWalletChange,
    TopUpBody,
)
from billing.wallets.representation import wallet_json
from billing.wallets.services import (
    top_up_reverse,
    wallet_adjust,
    wallet_credit_limit_set,
    wallet_pay_out,
    wallet_threshold_set,
    wallet_top_up,
)
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.json_body import body_of
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class TenantWallet(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW, "PATCH": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="tenants_wallet_get", responses={200: schema.Wallet, **problems(401, 404)}, tags=["tenants"]
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """A tenant's money in live mode."""
        return Response(wallet_json(tenant_id=tenant_named(tenant_id).id, livemode=True))

    @extend_schema(
        operation_id="tenants_wallet_update",
        request=TenantWalletChange,
        responses={200: schema.Wallet, **problems(400, 401, 404, 422)},
        tags=["tenants"],
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        """Sets credit limit and threshold. A limit below what is owed and held becomes that."""
        tenant = tenant_named(tenant_id)
        values = body_of(request, TenantWalletChange, partial=True)
        with transaction.atomic(using=current_alias()):
            if "credit_limit" in values:
                wallet_credit_limit_set(tenant_id=tenant.id, credit_limit=values["credit_limit"], actor=actor(request))
            if "low_balance_threshold" in values:
                wallet_threshold_set(
                    tenant_id=tenant.id, threshold=values["low_balance_threshold"], actor=actor(request)
                )
        return Response(wallet_json(tenant_id=tenant.id, livemode=True))


class MovementView(OperatorView):
    """Books one movement of a tenant's money; a request that is sent again gets the one that it has booked."""

    operator_permissions = {"POST": OperatorPermission.MONEY}

    def replay(self, request: Request, created_ids: Sequence[str], **address: str) -> Response:
        return Response(transaction_json(LedgerTransaction.objects.get(id=UUID(created_ids[0]))), status=201)


class TenantTopUps(MovementView):
    @extend_schema(
        operation_id="tenants_top_ups_create",
        request=TopUpBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Books money that a tenant paid in."""
        tenant, values = tenant_named(tenant_id), body_of(request, TopUpBody)
        movement = wallet_top_up(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(transaction_json(movement), status=201)


class TopUpReversal(MovementView):
    @extend_schema(
        operation_id="tenants_top_ups_reverse",
        request=ReversalBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str, transaction_id: str) -> Response:
        """Takes back a top-up or, with `amount`, a part of it. It is no sale: no invoice shows it."""
        tenant, values = tenant_named(tenant_id), body_of(request, ReversalBody)
        top_up = ids.decode(ids.LEDGER_TRANSACTION, transaction_id)
        if top_up is None:
            raise not_found()
        movement = top_up_reverse(tenant_id=tenant.id, transaction_id=top_up, actor=actor(request), **values)
        return Response(transaction_json(movement), status=201)


class TenantPayouts(MovementView):
    @extend_schema(
        operation_id="tenants_payouts_create",
        request=PayoutBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Books money that was paid back to a tenant's bank. It is no sale: no invoice shows it."""
        tenant, values = tenant_named(tenant_id), body_of(request, PayoutBody)
        movement = wallet_pay_out(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(transaction_json(movement), status=201)


class TenantAdjustments(MovementView):
    @extend_schema(
        operation_id="tenants_adjustments_create",
        request=AdjustmentBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Corrects a balance: gives when positive, takes when negative, but nothing that is held or a credit."""
        tenant, values = tenant_named(tenant_id), body_of(request, AdjustmentBody)
        movement = wallet_adjust(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(transaction_json(movement), status=201)


class TenantCredits(OperatorView):
    operator_permissions = {"POST": OperatorPermission.MONEY}

    @extend_schema(
        operation_id="tenants_credits_create",
        request=CreditBody,
        responses={201: schema.Credit, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Gives a credit. What is left of it at `expires_at` is taken back, but for what is held."""
        tenant, values = tenant_named(tenant_id), body_of(request, CreditBody)
        credit = credit_grant(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(credit_json(credit), status=201)

    def replay(self, request: Request, created_ids: Sequence[str], tenant_id: str) -> Response:
        """Returns the credit as it is now, with what is left of it."""
        return Response(credit_json(Credit.objects.get(id=UUID(created_ids[0]))), status=201)


class TenantLedger(OperatorView):
    operator_permissions = {"GET": OperatorPermission.VIEW}

    @extend_schema(
        operation_id="tenants_ledger_list",
        parameters=[*schema.ENTRIES, *PAGING],
        responses={200: schema.OperatorLedgerPage, **problems(401, 404, 422)},
        tags=["tenants"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Every movement of a tenant's wallets, the last first, with who caused it."""
        return Response(ledger_page(request, tenant_id=tenant_named(tenant_id).id, livemode=None, operator=True))
