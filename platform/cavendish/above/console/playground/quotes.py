"""What the form would cost, as it stands at its button: the sum, its parts, the most; or what is wrong with it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.money import ZERO
from billing.prices.quotes import Quote
from cavendish.above.console.playground.form import Form
from cavendish.above.console.playground.refusals import Refused, errors_of, refused_of
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.formats import money
from cavendish.http.problems import Problem
from generations.accept.funnel import quote_build

PLACES = Decimal("0.0001")
NOTHING_YET = "…"
"""Stands for a prompt that is not written yet, so that a price stands at the button from the beginning."""


@dataclass(frozen=True)
class Quoted:
    """`parts` sum to `amount` as they are rounded; `errors` are sentences by field of the form.

    Without `amount` the form cannot run as it is.
    """

    amount: Decimal | None = None
    currency: str = ""
    parts: Sequence[tuple[Decimal, str]] = ()
    most: Decimal = ZERO
    width: int = 0
    height: int = 0
    tokens: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: Refused | None = None

    @property
    def sum(self) -> str:
        """The parts as a sum: "0.0672 picture + 0.0018 tokens"."""
        return " + ".join(f"{money(amount, digits=4)}\u00a0{name}" for amount, name in self.parts)


def quoted(work: Workplace, form: Form) -> Quoted:
    """Returns what a form would cost; nothing is held and nothing is kept. Opens the tenant's context."""
    asked = form if form.prompt or form.template or form.references else replace(form, prompt=NOTHING_YET)
    try:
        return _quoted(work, asked)
    except Problem as problem:
        if any(error.pointer == "/previous_generation_id" for error in problem.errors):
            # The turn before may run still. What it adds to the price is little.
            return quoted(work, replace(form, previous=""))
        errors = errors_of(problem, form)
        return Quoted(errors=errors, refused=None if errors else refused_of(problem, work))


def _quoted(work: Workplace, form: Form) -> Quoted:
    body = io.BytesIO(json.dumps(form.body()).encode())
    parsed, spec, quote = quote_build(who=work.principal, body=body, tier="standard")
    resolution = spec.resolution
    return Quoted(
        amount=quote.expected.amount,
        currency=quote.currency,
        parts=_parts(quote, form.variants),
        most=quote.worst_case.amount,
        width=resolution.width if resolution else 0,
        height=resolution.height if resolution else 0,
        tokens=parsed.text_tokens,
    )


def _parts(quote: Quote, variants: int) -> list[tuple[Decimal, str]]:
    """Returns pictures, searches, what the plan includes and all tokens; what rounding leaves is with the tokens."""
    sums: dict[str, Decimal] = {}
    for line in quote.expected.lines:
        kind = {"image_output": "picture", "search_query": "search", "included": "included"}.get(line.kind, "tokens")
        sums[kind] = sums.get(kind, ZERO) + line.amount
    rounded = {kind: amount.quantize(PLACES, ROUND_HALF_UP) for kind, amount in sums.items()}
    whole = quote.expected.amount.quantize(PLACES, ROUND_HALF_UP)
    if "tokens" in rounded:
        rounded["tokens"] = max(whole - sum((v for k, v in rounded.items() if k != "tokens"), ZERO), ZERO)
    names = {
        "picture": ngettext("picture", "pictures", variants),
        "tokens": _("tokens"),
        "search": _("search"),
        "included": _("included"),
    }
    return [(rounded[kind], names[kind]) for kind in names if rounded.get(kind)]
