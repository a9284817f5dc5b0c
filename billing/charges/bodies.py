"""Bodies that refund a charge or decide about a flagged one."""

from __future__ import annotations

from billing.fields import Money
from billing.money import ZERO
from cavendish.http.json_body import Body, Text


class RefundBody(Body):
    amount = Money(allow_null=True, default=None, help_text="All that is left of the charge when null or absent.")
    reason = Text(max_length=300)


class ResolutionBody(Body):
    note = Text(max_length=1000)
    adjustment = Money(
        negative=True, zero=True, default=ZERO, help_text="On the wallet: positive gives, negative takes."
    )
