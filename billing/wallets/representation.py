"""Wallets as the API shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from billing.credits.representation import credit_json
from billing.ledger.services import available, tax_kept
from billing.models import Allowance
from billing.money import amount_text
from billing.months import month_of
from billing.prices.selectors import plan_terms
from billing.subscriptions.selectors import subscription_now
from billing.wallets.selectors import credits_left, wallet_of
from cavendish.http.problems import not_found


def wallet_json(*, tenant_id: UUID, livemode: bool) -> dict[str, Any]:
    """Returns the wallet of a mode; in the tenant's context or as the operator. Raises Problem where there is none."""
    wallet = wallet_of(tenant_id=tenant_id, livemode=livemode)
    if wallet is None:
        raise not_found()
    threshold = wallet.low_balance_threshold
    credits = credits_left(tenant_id=tenant_id, livemode=livemode)
    return {
        "object": "wallet",
        "livemode": wallet.livemode,
        "currency": wallet.currency,
        "balance": amount_text(wallet.balance),
        "held": amount_text(wallet.held),
        "credit_limit": amount_text(wallet.credit_limit),
        "tax_kept": amount_text(tax_kept(wallet)),
        "available": amount_text(available(wallet)),
        "low_balance_threshold": amount_text(threshold) if threshold is not None else None,
        "credits": [credit_json(credit) for credit in credits],
        "included_images": included_images(tenant_id) if livemode else None,
    }


def included_images(tenant_id: UUID) -> dict[str, Any] | None:
    """Returns this month's pictures of the tenant's plan; None where it includes none."""
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
