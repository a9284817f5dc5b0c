"""Bodies of top-ups through a provider."""

from __future__ import annotations

from billing.fields import Money
from cavendish.http.json_body import Body, Flag, Text


class TopUpNew(Body):
    amount = Money()
    payment_method_id = Text(max_length=64, required=False, help_text="The default method when absent.")
    hosted = Flag(required=False, default=False, help_text="true: on the provider's page, by a method chosen there.")


class SetAsideBody(Body):
    note = Text(max_length=300, help_text="Why; stands in the audit log.")
