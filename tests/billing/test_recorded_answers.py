"""Golden cases: usages that real answers of the models carried, and what they cost at the shipped prices.

The recordings were made through generateContent; they stand here in the words of the Interactions API. Where each comes
from is said with it; what the counts mean is in docs/wire.md, Usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from billing.contracts import KindPrice
from billing.money import amount_text
from billing.prices.pricing import bill
from billing.usage.upstream import usage_parse
from cavendish.gemini.catalog import prices

FLASH, PRO = "gemini-3.1-flash-image", "gemini-3-pro-image"
PLENTY = Decimal(1000)


@dataclass(frozen=True)
class Recorded:
    model: str
    usage: dict[str, Any]
    lines: dict[str, tuple[int, str]]
    amount: str
    queries: int = 0
    flags: tuple[str, ...] = ()


def by(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokens": count} for modality, count in tokens.items()]


RECORDED = {
    # A third party's recording: 482 output tokens have no modality and no thoughtsTokenCount; it bills $0.068658 too.
    "output without a kind": Recorded(
        FLASH,
        {
            "total_tokens": 1626, "total_input_tokens": 24, "input_tokens_by_modality": by(TEXT=24),
            "total_output_tokens": 1602, "output_tokens_by_modality": by(IMAGE=1120),
        },
        {"text_input": (24, "0.000012000"), "text_output": (482, "0.001446000"), "image_output": (1120, "0.067200000")},
        "0.068658000",
    ),
    # Thoughts are apart from the 1,125 tokens of candidates.
    "thoughts beside text and picture": Recorded(
        FLASH,
        {
            "total_tokens": 1300, "total_input_tokens": 8, "input_tokens_by_modality": by(TEXT=8),
            "total_output_tokens": 1125, "output_tokens_by_modality": by(IMAGE=1120, TEXT=5),
            "total_thought_tokens": 167,
        },
        {
            "text_input": (8, "0.000004000"), "text_output": (5, "0.000015000"),
            "thought_output": (167, "0.000501000"), "image_output": (1120, "0.067200000"),
        },
        "0.067720000",
    ),
    # Google in its forum: 3 Pro takes 1,120 fixed picture tokens and 700 to 900 of thinking; 560 a reference.
    "pro thinks": Recorded(
        PRO,
        {
            "total_tokens": 2510, "total_input_tokens": 590, "input_tokens_by_modality": by(TEXT=30, IMAGE=560),
            "total_output_tokens": 1120, "output_tokens_by_modality": by(IMAGE=1120), "total_thought_tokens": 800,
        },
        {
            "text_input": (30, "0.000060000"), "image_input": (560, "0.001120000"),
            "thought_output": (800, "0.009600000"), "image_output": (1120, "0.134400000"),
        },
        "0.145180000",
    ),
    # litellm#19775: cachedContentTokenCount is a part of the prompt. Without a price of its own text's applies.
    "cached is a part of the input": Recorded(
        FLASH,
        {
            "total_tokens": 3120, "total_input_tokens": 2000, "input_tokens_by_modality": by(TEXT=1484, IMAGE=516),
            "total_cached_tokens": 1800, "cached_tokens_by_modality": by(TEXT=1400, IMAGE=400),
            "total_output_tokens": 1120, "output_tokens_by_modality": by(IMAGE=1120),
        },
        {
            "text_input": (84, "0.000042000"), "image_input": (116, "0.000058000"),
            "cached_input": (1800, "0.000900000"), "image_output": (1120, "0.067200000"),
        },
        "0.068200000",
    ),
    # Each query is billed, the text that a search fetched is not.
    "what a search read": Recorded(
        FLASH,
        {
            "total_tokens": 1930, "total_input_tokens": 10, "input_tokens_by_modality": by(TEXT=10),
            "total_tool_use_tokens": 800, "tool_use_tokens_by_modality": by(TEXT=800),
            "total_output_tokens": 1120, "output_tokens_by_modality": by(IMAGE=1120),
            "grounding_tool_count": [{"type": "google_search", "count": 3}],
        },
        {"text_input": (10, "0.000005000"), "image_output": (1120, "0.067200000"), "search_query": (3, "0.042000000")},
        "0.109205000",
    ),
    # aicost#10: toolUsePromptTokenCount was never priced. We have no tool that may cause it: it is flagged.
    "tokens of another tool": Recorded(
        FLASH,
        {
            "total_tokens": 1930, "total_input_tokens": 10, "input_tokens_by_modality": by(TEXT=10),
            "total_tool_use_tokens": 800, "total_output_tokens": 1120, "output_tokens_by_modality": by(IMAGE=1120),
        },
        {"text_input": (10, "0.000005000"), "image_output": (1120, "0.067200000")},
        "0.067205000",
        flags=("unpriced_tool_use",),
    ),
    # A split that is larger than its own total: each part is billed once, and somebody looks at it.
    "parts above the total": Recorded(
        FLASH,
        {
            "total_tokens": 1010, "total_input_tokens": 10, "input_tokens_by_modality": by(TEXT=10),
            "total_output_tokens": 1000, "output_tokens_by_modality": by(IMAGE=1120),
        },
        {"text_input": (10, "0.000005000"), "image_output": (1120, "0.067200000")},
        "0.067205000",
        flags=("total_mismatch",),
    ),
    # new-api#3426: output of a kind that nobody priced is not text.
    "a kind that is unknown": Recorded(
        FLASH,
        {
            "total_tokens": 1230, "total_input_tokens": 10, "input_tokens_by_modality": by(TEXT=10),
            "total_output_tokens": 1220, "output_tokens_by_modality": by(IMAGE=1120, AUDIO=100),
        },
        {"text_input": (10, "0.000005000"), "image_output": (1120, "0.067200000")},
        "0.067205000",
        flags=("unknown_kind",),
    ),
}  # fmt: skip


def shipped(model: str) -> dict[str, KindPrice]:
    """The shipped standard prices as a hold stores them."""
    found: dict[str, KindPrice] = {
        row.kind: {"unit": row.unit, "price": str(row.price), "cost": str(row.price)}
        for row in prices()
        if (row.model, row.tier) == (model, "standard")
    }
    return {**found, "cached_input": found["text_input"]}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_answer_costs_what_google_charges(name: str) -> None:
    case = RECORDED[name]
    usage = usage_parse(case.usage, picture_tokens=1120, queries=case.queries)
    billed = bill(usage, prices=shipped(case.model), ceiling=PLENTY)
    assert {line.kind: (line.quantity, amount_text(line.amount)) for line in billed.lines} == case.lines
    assert (amount_text(billed.amount), amount_text(billed.cost)) == (case.amount, case.amount)
    assert tuple(billed.flags) == case.flags
