"""Bodies of automatic top-ups."""

from __future__ import annotations

from billing.fields import Money
from cavendish.http.json_body import Body, Flag


class AutoTopUpChange(Body):
    enabled = Flag()
    threshold = Money(zero=True)
    amount = Money()
    monthly_limit = Money(allow_null=True)
