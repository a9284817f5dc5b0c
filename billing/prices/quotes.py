"""What a generation is expected to cost and what it can cost at worst, before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from billing.errors import PriceMissing
from billing.money import ZERO, amount_text
from billing.prices.pricing import NOT_COVERED, Covered, Line, Prices, included_line, lines_price, lines_sum
from cavendish.gemini.catalog import Model, Resolution


@dataclass(frozen=True)
class UsageEstimateInput:
    """What a request asks for, as far as money is concerned. Counts of tokens follow the catalog's published rules."""

    model: Model
    resolution: Resolution | None
    text_tokens: int
    input_images: int
    input_videos: int
    wants_text: bool
    search_types: tuple[str, ...]
    thinking_level: str | None
    max_images: int

    @property
    def thinking(self) -> str:
        """The key of the catalog's thought figures."""
        return self.model.thought_key(self.thinking_level)

    @property
    def input_tokens(self) -> dict[str, int]:
        return {
            "text_input": self.text_tokens,
            "image_input": self.input_images * self.model.tokens_per_input_image,
            "video_input": self.input_videos * self.model.video_token_limit,
        }

    @property
    def expected(self) -> dict[str, int]:
        """Tokens by kind: a picture by the table, the typical text (grounded answers always have some: citations)."""
        text = self.model.text_output_typical if self.wants_text or self.search_types else 0
        return _present(
            {
                **self.input_tokens,
                "text_output": text,
                "thought_output": self.model.thought_typical.get(self.thinking, 0),
                "image_output": self.resolution.tokens if self.resolution else 0,
                "search_query": len(self.search_types) * self.model.searches_typical,
            }
        )

    @property
    def worst_case(self) -> dict[str, int]:
        """Tokens by kind: every picture at the dearer of the table and the price page, every cap in full."""
        text = self.wants_text or bool(self.search_types) or self.resolution is None
        return _present(
            {
                **self.input_tokens,
                "text_output": self.model.text_output_cap if text else self.model.image_only_text_cap,
                "thought_output": self.model.thought_cap.get(self.thinking, 0),
                "image_output": self.max_images * self.resolution.worst_tokens if self.resolution else 0,
                "search_query": self.model.searches_cap if self.search_types else 0,
            }
        )

    @property
    def max_output_tokens(self) -> int:
        """The limit that the upstream gets, so that a job cannot cost more than is held."""
        worst = self.worst_case
        caps = sum(worst.get(kind, 0) for kind in ("text_output", "thought_output", "image_output"))
        return min(caps, self.model.output_token_limit)


@dataclass(frozen=True)
class Estimate:
    tokens: dict[str, int]
    lines: list[Line]
    amount: Decimal

    @property
    def total_tokens(self) -> int:
        return sum(quantity for kind, quantity in self.tokens.items() if kind != "search_query")

    def as_json(self, currency: str) -> dict[str, Any]:
        return {
            "amount": amount_text(self.amount),
            "currency": currency,
            "tokens": self.total_tokens,
            "by_kind": self.tokens,
            "lines": [line.shown() for line in self.lines],
        }


@dataclass(frozen=True)
class Quote:
    """`expected` is what a typical answer costs; `worst_case` is what is held and never exceeded.

    `uncovered` is the worst case without pictures that the plan includes: the hold decides how many are, of
    `included_a_month`.
    """

    currency: str
    prices: Prices
    expected: Estimate
    worst_case: Estimate
    uncovered: Decimal
    included_a_month: int

    def as_json(self) -> dict[str, Any]:
        return {
            "object": "quote",
            "expected": self.expected.as_json(self.currency),
            "worst_case": self.worst_case.as_json(self.currency),
        }


def quote(
    work: UsageEstimateInput, *, prices: Prices, currency: str, included_images: int = 0, included_a_month: int = 0
) -> Quote:
    """Returns what a request is expected to cost and can cost at worst.

    Raises PriceMissing when a kind that the request may use has no price.
    `included_images` is how many pictures of the tenant's plan are left.
    """
    covered = Covered(min(included_images, work.max_images), work.max_images)
    images = min(work.max_images, 1)
    return Quote(
        currency,
        prices,
        expected=_estimate(work, work.expected, prices, images=images, covered=covered),
        worst_case=_estimate(work, work.worst_case, prices, images=work.max_images, covered=covered, up=True),
        uncovered=_estimate(work, work.worst_case, prices, images=work.max_images, covered=NOT_COVERED).amount,
        included_a_month=included_a_month,
    )


def quotes_sum(quotes: Sequence[Quote]) -> Quote:
    """Returns what several jobs of one kind cost together; of one, its own."""
    first, *others = quotes
    if not others:
        return first
    return replace(
        first,
        expected=_together([each.expected for each in quotes]),
        worst_case=_together([each.worst_case for each in quotes]),
        uncovered=sum((each.uncovered for each in quotes), ZERO),
    )


def _together(estimates: Sequence[Estimate]) -> Estimate:
    tokens: Counter[str] = Counter()
    lines: dict[tuple[str, str, Decimal], Line] = {}
    for estimate in estimates:
        tokens.update(estimate.tokens)
        for line in estimate.lines:
            key = (line.kind, line.unit, line.unit_price)
            before = lines.get(key)
            lines[key] = (
                line
                if before is None
                else replace(
                    before,
                    quantity=before.quantity + line.quantity,
                    amount=before.amount + line.amount,
                    cost=before.cost + line.cost,
                    tokens=before.tokens + line.tokens,
                )
            )
    return Estimate(dict(tokens), list(lines.values()), sum((each.amount for each in estimates), ZERO))


def _estimate(
    work: UsageEstimateInput, tokens: dict[str, int], prices: Prices, *, images: int, covered: Covered, up: bool = False
) -> Estimate:
    lines, unpriced = lines_price(tokens, prices, images=images)
    if unpriced:
        raise PriceMissing(model=work.model.id, kinds=unpriced)
    included = included_line(lines_sum(lines), images=images, covered=covered, up=up)
    if included is not None:
        lines.append(included)
    return Estimate(tokens, lines, lines_sum(lines))


def _present(tokens: dict[str, int]) -> dict[str, int]:
    return {kind: quantity for kind, quantity in tokens.items() if quantity}
