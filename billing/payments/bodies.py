"""Bodies that record payments."""

from __future__ import annotations

from billing.fields import Day, Money
from cavendish.http.json_body import Body, Text


class PaymentNew(Body):
    amount = Money()
    received_on = Day()
    reference = Text(max_length=200)
