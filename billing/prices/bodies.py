"""Bodies that set prices."""

from __future__ import annotations

from billing.fields import Money
from billing.models import Kind, Tier, Unit
from cavendish.http.json_body import Body, Choice, Listed, Moment, Text


class PriceBody(Body):
    model = Text(max_length=100)
    kind = Choice(choices=Kind.choices)
    tier = Choice(choices=Tier.values, default=Tier.STANDARD)
    unit = Choice(choices=Unit.values, default=Unit.TOKENS)
    image_size = Text(max_length=8, allow_null=True, default=None)
    unit_price = Money(zero=True)


class PricesBody(Body):
    """Prices that begin at one moment. `plan_id` null or absent is the upstream."""

    plan_id = Text(max_length=64, allow_null=True, default=None)
    effective_from = Moment(allow_null=True, default=None, help_text="As soon as possible when it is null or absent.")
    source = Text(max_length=300, allow_blank=True, default="")  # type: ignore[assignment]
    prices = Listed(child=PriceBody(), min_length=1, max_length=200)
