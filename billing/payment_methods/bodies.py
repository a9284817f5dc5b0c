"""Bodies of payment methods."""

from __future__ import annotations

from cavendish.http.json_body import Body, Flag, Text


class PaymentMethodNew(Body):
    token = Text(max_length=100, help_text="What the provider's own form gave the browser; with Stripe pm_… or tok_….")


class PaymentMethodChange(Body):
    default = Flag(help_text="true makes it the default; another one becomes it by its own true.")
