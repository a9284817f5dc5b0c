"""Bodies that change wallets and move money."""

from __future__ import annotations

from billing.fields import Money
from cavendish.http.json_body import Body, Moment, Text


class WalletChange(Body):
    low_balance_threshold = Money(zero=True, required=False, allow_null=True)


class TopUpBody(Body):
    amount = Money()
    reason = Text(max_length=300)
    reference = Text(max_length=100, required=False, allow_blank=True, default="")


class AdjustmentBody(Body):
    amount = Money(negative=True)
    reason = Text(max_length=300)


class ReversalBody(Body):
    amount = Money(required=False, allow_null=True, default=None)
    reason = Text(max_length=300)


class PayoutBody(Body):
    amount = Money()
    reason = Text(max_length=300)


class CreditBody(Body):
    amount = Money()
    expires_at = Moment(allow_null=True, default=None)
    reason = Text(max_length=300)


class TenantWalletChange(WalletChange):
    credit_limit = Money(zero=True, required=False)
