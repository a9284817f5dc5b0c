"""What jobs cost: the product's own quotes and settlements, each computed once for all jobs that are alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.models import Plan, PlanVersion, Price
from billing.prices.pricing import ALL_DELIVERED, Prices, Undelivered, settlement
from billing.prices.quotes import UsageEstimateInput, quote
from billing.prices.selectors import prices_of
from billing.usage.upstream import Usage
from cavendish.gemini.catalog import Resolution, get_model

CURRENCY = "USD"
UNCHARGED = frozenset({"upstream_unavailable", "deadline_exceeded", "upstream_rejected", "safety_blocked", "canceled"})
UNREPORTED = frozenset({"upstream_unavailable", "deadline_exceeded", "upstream_rejected", "canceled"})
OVER_HOLD, NOT_DELIVERED, MISMATCH = "over_hold", "images_not_delivered", "total_mismatch"


@dataclass(frozen=True)
class Work:
    """All of a job that decides about its money. `ended` is its error's code, how it was canceled, or empty."""

    model: str
    resolution: Resolution
    text_input: int
    input_images: int
    wants_text: bool
    thinking: str | None
    search_types: tuple[str, ...]
    text_output: int
    thought: int
    queries: int
    ended: str = ""
    flag: str = ""

    @property
    def alike(self) -> tuple[object, ...]:
        """What two jobs have in common that cost the same: of the resolution its tokens only."""
        row = self.resolution
        return (
            self.model,
            row.tokens,
            row.worst_tokens,
            self.text_input,
            self.input_images,
            self.wants_text,
            self.thinking,
            self.search_types,
            self.text_output,
            self.thought,
            self.queries,
            self.ended,
            self.flag,
        )


@dataclass(frozen=True)
class Settled:
    """The hold, the charge and the usage of a job, as the text of their columns."""

    hold: str
    hold_tokens: int
    prices: str
    status: str
    reason: str | None
    amount: Decimal
    cost: Decimal
    absorbed: Decimal
    lines: str
    usage: str
    flags: str
    images: int
    tokens: int
    records: tuple[tuple[str, int, str, str, Decimal, Decimal, int | None], ...]
    """Kind, quantity, unit, unit price, amount, cost, pieces."""


@dataclass(frozen=True)
class _Terms:
    """A version of a plan and the texts of its prices by model and tier."""

    version: PlanVersion
    prices: dict[tuple[str, str], Prices]


class Tariffs:
    """The prices of the demo's plans over time."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        rows: dict[str, list[Price]] = {}
        for row in Price.objects.order_by("effective_from"):
            rows.setdefault(row.model, []).append(row)
        self._terms = {
            slug: [
                _Terms(
                    version,
                    {
                        (model, tier): prices_of(
                            [row for row in of_model if row.plan_id in (None, plan.pk)],
                            plan=plan,
                            version=version,
                            tier=tier,
                        )
                        for model, of_model in rows.items()
                        for tier in ("standard", "batch")
                    },
                )
                for version in plan.versions.order_by("-effective_from")
            ]
            for slug, plan in plans.items()
        }
        self._settled: dict[tuple[object, ...], Settled] = {}

    def settled(self, work: Work, *, plan: str, at: datetime, tier: str, livemode: bool) -> Settled:
        """Returns the money of a job that was accepted at a moment."""
        versions = self._terms[plan]
        terms = next((each for each in versions if each.version.effective_from <= at), versions[-1])
        key = (terms.version.pk, tier, livemode, *work.alike)
        settled = self._settled.get(key)
        if settled is None:
            prices = terms.prices[work.model, tier]
            if tier == "batch":
                # It runs upstream as every job does: that is what it costs.
                ordinary = terms.prices[work.model, "standard"]
                prices = {kind: {**price, "cost": ordinary.get(kind, price)["cost"]} for kind, price in prices.items()}
            if not livemode:
                prices = {kind: {**price, "price": "0", "cost": "0"} for kind, price in prices.items()}
            settled = self._settled[key] = _settle(work, prices)
        return settled


def _settle(work: Work, prices: Prices) -> Settled:
    model = get_model(work.model)
    estimate = UsageEstimateInput(
        model=model,
        resolution=work.resolution,
        text_tokens=work.text_input,
        input_images=work.input_images,
        input_videos=0,
        wants_text=work.wants_text,
        search_types=work.search_types,
        thinking_level=work.thinking,
        max_images=1,
    )
    worst = quote(estimate, prices=prices, currency=CURRENCY)
    ceiling, usage, undelivered = worst.uncovered, _usage(work, model.tokens_per_input_image), ALL_DELIVERED
    if work.flag == NOT_DELIVERED:
        usage = replace(usage, image_output=3 * usage.image_output, total=usage.total + 2 * usage.image_output)
        undelivered = Undelivered(2, usage.image_output * 2 // 3)
    elif work.flag == MISMATCH:
        usage = replace(usage, total=usage.total + 12, flags=[MISMATCH])
    charge = settlement(
        usage,
        prices=prices,
        ceiling=ceiling,
        images=0 if work.ended in UNCHARGED or work.ended == "no_image" else 1,
        charged=work.ended not in UNCHARGED,
        reason=work.ended or None,
        undelivered=undelivered,
    )
    if work.flag == OVER_HOLD and Decimal(charge["amount"]) > 0:
        ceiling = (Decimal(charge["amount"]) * Decimal("0.96")).quantize(Decimal("0.000000001"))
        charge = settlement(usage, prices=prices, ceiling=ceiling, images=1, charged=True, reason=None)
    return Settled(
        hold=f"{ceiling:f}",
        hold_tokens=worst.worst_case.total_tokens,
        prices=_json(dict(prices)),
        status=charge["status"],
        reason=charge["reason"],
        amount=Decimal(charge["amount"]),
        cost=Decimal(charge["cost"]),
        absorbed=Decimal(charge["absorbed"]),
        lines=_json(charge["lines"]),
        usage=_json(charge["usage"]),
        flags=_json(charge["flags"]),
        images=charge["images"],
        tokens=min(charge["tokens"], worst.worst_case.total_tokens),
        records=tuple(
            (
                record["kind"],
                record["quantity"],
                record["unit"],
                record["unit_price"],
                Decimal(record["amount"]),
                Decimal(record["cost"]),
                record["pieces"],
            )
            for record in charge["records"]
        ),
    )


def _usage(work: Work, tokens_per_image: int) -> Usage:
    if work.ended in UNREPORTED:
        return Usage()
    usage = Usage(text_input=work.text_input, image_input=work.input_images * tokens_per_image)
    if work.ended != "safety_blocked":
        usage.text_output, usage.thought_output = work.text_output, work.thought
        if work.ended != "no_image":
            usage.image_output = work.resolution.tokens
            usage.search_queries = work.queries
    usage.total = usage.text_input + usage.image_input + usage.text_output + usage.thought_output + usage.image_output
    return usage


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
