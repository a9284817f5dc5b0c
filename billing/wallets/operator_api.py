"""`/api/v1/tenants/{tenant_id}/…`: what operators do to a tenant's money, each with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication.drf import actor
from accounts.authentication.operators import OperatorView
from accounts.authentication.parameters import tenant_named
from billing.credits.services import credit_grant
from billing.fields import Money
from billing.models import LedgerTransaction
from billing.money import amount_text
from billing.wallets import schema
from billing.wallets.api import WalletChange, credit_json, ledger_page, wallet_json
from billing.wallets.selectors import wallet_of
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_threshold_set, wallet_top_up
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.http.json_body import Body, Moment, Text, body_of
from cavendish.http.problems import not_found
from cavendish.http.schema import PAGING, problems


class TopUpBody(Body):
    amount = Money()
    reason = Text(max_length=300)


class AdjustmentBody(Body):
    amount = Money(negative=True)
    reason = Text(max_length=300)


class CreditBody(Body):
    amount = Money()
    expires_at = Moment(allow_null=True, default=None)
    reason = Text(max_length=300)


class TenantWalletChange(WalletChange):
    credit_limit = Money(zero=True, required=False)


def transaction_json(made: LedgerTransaction) -> dict[str, Any]:
    made.refresh_from_db()
    return {
        "id": ids.encode(ids.LEDGER_TRANSACTION, made.id),
        "object": "ledger_transaction",
        "tenant_id": ids.encode(ids.TENANT, made.tenant_id),
        "livemode": made.livemode,
        "kind": made.kind,
        "generation_id": ids.encode(ids.GENERATION, made.generation_id) if made.generation_id else None,
        "reason": made.reason,
        "actor": made.actor,
        "created_at": made.at,
        "entries": [
            {
                "account": entry.account,
                "amount": amount_text(entry.amount),
                "currency": entry.currency,
                "credit_id": ids.encode(ids.CREDIT, entry.credit_id) if entry.credit_id else None,
            }
            for entry in made.entries.order_by("id")
        ],
    }


class TenantWallet(OperatorView):
    @extend_schema(
        operation_id="tenants_wallet_get", responses={200: schema.Wallet, **problems(401, 404)}, tags=["tenants"]
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """A tenant's money in live mode."""
        return Response(_wallet(tenant_named(tenant_id).id))

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
        return Response(_wallet(tenant.id))


class TenantTopUps(OperatorView):
    @extend_schema(
        operation_id="tenants_top_ups_create",
        request=TopUpBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Books money that a tenant paid in."""
        tenant, values = tenant_named(tenant_id), body_of(request, TopUpBody)
        made = wallet_top_up(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(transaction_json(made), status=201)


class TenantAdjustments(OperatorView):
    @extend_schema(
        operation_id="tenants_adjustments_create",
        request=AdjustmentBody,
        responses={201: schema.LedgerTransactionShape, **problems(400, 401, 404, 409, 422)},
        tags=["tenants"],
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """Corrects a balance: gives when positive, takes when negative, but nothing that is held or a credit."""
        tenant, values = tenant_named(tenant_id), body_of(request, AdjustmentBody)
        made = wallet_adjust(tenant_id=tenant.id, actor=actor(request), **values)
        return Response(transaction_json(made), status=201)


class TenantCredits(OperatorView):
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


class TenantLedger(OperatorView):
    @extend_schema(
        operation_id="tenants_ledger_list",
        parameters=[schema.ENTRY_KIND, *PAGING],
        responses={200: schema.OperatorLedgerPage, **problems(401, 404, 422)},
        tags=["tenants"],
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """Every movement of a tenant's wallets, the last first, with who caused it."""
        return Response(ledger_page(request, tenant_id=tenant_named(tenant_id).id, livemode=None, operator=True))


def _wallet(tenant_id: UUID) -> dict[str, Any]:
    wallet = wallet_of(tenant_id=tenant_id, livemode=True)
    if wallet is None:
        raise not_found()
    return wallet_json(wallet)
