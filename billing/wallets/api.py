"""`/api/v1/wallet`, `/ledger` and `/subscription`: what a tenant has, what moved it, what it has subscribed to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import actor, principal
from billing.fields import Money
from billing.models import Allowance, Credit, LedgerEntry, LedgerTransaction, Wallet
from billing.money import amount_text
from billing.months import month_of
from billing.prices.selectors import plan_terms
from billing.subscriptions.selectors import subscription_now
from billing.wallets import schema
from billing.wallets.selectors import credits_left, wallet_of
from billing.wallets.services import wallet_threshold_set
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.json_body import Body, body_of
from cavendish.http.pages import page_json, page_read_numbered
from cavendish.http.problems import FieldError, invalid, not_found
from cavendish.http.schema import PAGING, problems


class WalletChange(Body):
    low_balance_threshold = Money(zero=True, required=False, allow_null=True)


def credit_json(credit: Credit) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.CREDIT, credit.id),
        "object": "credit",
        "source": credit.source,
        "amount": amount_text(credit.amount),
        "remaining": amount_text(credit.remaining),
        "currency": credit.currency,
        "expires_at": credit.expires_at,
        "created_at": credit.created_at,
    }


def wallet_json(wallet: Wallet) -> dict[str, Any]:
    """Inside the tenant's door, or as the operator."""
    threshold = wallet.low_balance_threshold
    credits = credits_left(tenant_id=wallet.tenant_id, livemode=wallet.livemode)
    return {
        "object": "wallet",
        "livemode": wallet.livemode,
        "currency": wallet.currency,
        "balance": amount_text(wallet.balance),
        "held": amount_text(wallet.held),
        "credit_limit": amount_text(wallet.credit_limit),
        "available": amount_text(wallet.balance + wallet.credit_limit - wallet.held),
        "low_balance_threshold": amount_text(threshold) if threshold is not None else None,
        "credits": [credit_json(credit) for credit in credits],
        "included_images": _included_images(wallet.tenant_id) if wallet.livemode else None,
    }


def _included_images(tenant_id: UUID) -> dict[str, Any] | None:
    month = month_of(tenant_id=tenant_id)
    allowance = Allowance.objects.filter(tenant_id=tenant_id, month=month.first).first()
    if allowance is None:
        subscription = subscription_now(tenant_id=tenant_id)
        terms = plan_terms(subscription.plan) if subscription else None
        if terms is None or not terms.included_images:
            return None
        allowance = Allowance(included=terms.included_images)
    return {
        "included": allowance.included,
        "used": allowance.used,
        "held": allowance.held,
        "left": allowance.included - allowance.used - allowance.held,
        "starts_at": month.starts_at,
        "resets_at": month.ends_at,
    }


def entry_json(entry: LedgerEntry, *, operator: bool) -> dict[str, Any]:
    made = entry.transaction
    more = {"livemode": entry.livemode, "actor": made.actor} if operator else {}
    return {
        "transaction_id": ids.encode(ids.LEDGER_TRANSACTION, made.id),
        "object": "ledger_entry",
        "kind": made.kind,
        "amount": amount_text(entry.amount),
        "currency": entry.currency,
        "credit_id": ids.encode(ids.CREDIT, entry.credit_id) if entry.credit_id else None,
        "generation_id": ids.encode(ids.GENERATION, made.generation_id) if made.generation_id else None,
        "reason": made.reason,
        "created_at": entry.at,
        **more,
    }


def ledger_page(request: Request, *, tenant_id: UUID, livemode: bool | None, operator: bool) -> dict[str, Any]:
    """Movements of the wallet, the last first; of both modes when none is named."""
    rows = LedgerEntry.objects.filter(tenant_id=tenant_id, account=LedgerEntry.Account.WALLET)
    rows = rows.select_related("transaction")
    if livemode is not None:
        rows = rows.filter(livemode=livemode)
    if kind := request.query_params.get("kind"):
        if kind not in LedgerTransaction.Kind.values:
            said = f"Use one of {', '.join(LedgerTransaction.Kind.values)}."
            raise invalid([FieldError("/kind", "unknown_value", said)])
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
            return Response(_wallet(who.tenant_id, who.livemode))

    @extend_schema(
        operation_id="wallet_update",
        request=WalletChange,
        responses={200: schema.Wallet, **problems(400, 401, 403, 404, 422)},
        tags=["wallet"],
    )
    def patch(self, request: Request) -> Response:
        """Sets when people are told of a low balance; null tells nobody."""
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
            return Response(_wallet(who.tenant_id, who.livemode))


class LedgerView(APIView):
    scopes = {"GET": "billing"}

    @extend_schema(
        operation_id="ledger_list",
        parameters=[schema.ENTRY_KIND, *PAGING],
        responses={200: schema.LedgerPage, **problems(401, 403, 422)},
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """Every movement of the wallet, the last first; their amounts sum to the balance."""
        who = principal(request)
        with tenant_work(who.tenant_id):
            return Response(ledger_page(request, tenant_id=who.tenant_id, livemode=who.livemode, operator=False))


def _wallet(tenant_id: UUID, livemode: bool) -> dict[str, Any]:
    wallet = wallet_of(tenant_id=tenant_id, livemode=livemode)
    if wallet is None:
        raise not_found()
    return wallet_json(wallet)
