"""The upstream's usage (docs/wire.md, Usage) as quantities by kind.

Rules, each for a reason that other products found out by mis-billing:
- what the upstream reports wins; without a split of the output the token tables give the pictures' share;
- output tokens that no kind claims are text (real answers have them);
- cached tokens are a part of the input, not an addition to it;
- what a search read is not billed as input by Google: those tokens count in the total only;
- tokens of a kind without a price, and of tools other than search, are never billed silently: they are flagged, as is
  a total to which the quantities do not add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Usage:
    """Quantities in tokens (searches in queries), and what an operator should look at."""

    text_input: int = 0
    image_input: int = 0
    video_input: int = 0
    cached_input: int = 0
    cached_kinds: dict[str, int] = field(default_factory=dict)
    text_output: int = 0
    image_output: int = 0
    thought_output: int = 0
    search_queries: int = 0
    tool_use: int = 0
    total: int = 0
    flags: list[str] = field(default_factory=list)

    def priced(self) -> dict[str, int]:
        """Returns quantities by price kind, the cached part taken out of the input.

        By the kinds that were reported as cached; what has no kind is text first, then pictures, then video.
        """
        billed = {kind: getattr(self, kind) for kind in ("text_input", "image_input", "video_input")}
        cached = self.cached_input
        for kinds in (self.cached_kinds, billed):
            for kind, most in tuple(kinds.items()):
                covered = min(billed[kind], most, cached)
                billed[kind] -= covered
                cached -= covered
        billed["cached_input"] = self.cached_input
        billed["text_output"] = self.text_output
        billed["thought_output"] = self.thought_output
        billed["image_output"] = self.image_output
        billed["search_query"] = self.search_queries
        return {kind: quantity for kind, quantity in billed.items() if quantity}

    def as_json(self) -> dict[str, Any]:
        """Returns the `usage` of a generation, as the API shows it."""
        return {
            "input": {"text": self.text_input, "image": self.image_input, "video": self.video_input},
            "output": {"text": self.text_output, "image": self.image_output},
            "thought": self.thought_output,
            "cached": self.cached_input,
            "search_queries": self.search_queries,
            "total": self.total,
        }


def usage_parse(reported: Mapping[str, Any] | None, *, picture_tokens: int, queries: int) -> Usage:
    """Returns the usage of an interaction's `usage`.

    `picture_tokens` is what the table says of the pictures that came; `queries` how many searches its steps show. Both
    stand in where the upstream is silent.
    """
    usage = Usage()
    if not reported:
        usage.image_output = picture_tokens
        usage.search_queries = queries
        usage.total = picture_tokens
        usage.flags.append("usage_missing")
        return usage

    inputs = _by_modality(reported, "input_tokens_by_modality")
    usage.text_input = inputs.pop("text", 0)
    usage.image_input = inputs.pop("image", 0)
    usage.video_input = inputs.pop("video", 0)
    unknown_input = sum(inputs.values())
    total_input = _count(reported, "total_input_tokens") or usage.text_input + usage.image_input + usage.video_input
    usage.text_input += max(total_input - unknown_input - usage.text_input - usage.image_input - usage.video_input, 0)
    cached = _by_modality(reported, "cached_tokens_by_modality")
    usage.cached_input = min(_count(reported, "total_cached_tokens") or sum(cached.values()), total_input)
    usage.cached_kinds = {f"{kind}_input": cached[kind] for kind in ("text", "image", "video") if cached.get(kind)}

    outputs = _by_modality(reported, "output_tokens_by_modality")
    split = bool(outputs)
    usage.image_output = outputs.pop("image", 0)
    usage.text_output = outputs.pop("text", 0)
    unknown_output = sum(outputs.values())
    total_output = _count(reported, "total_output_tokens") or usage.image_output + usage.text_output + unknown_output
    if not split:
        usage.image_output = min(picture_tokens, total_output) if total_output else picture_tokens
        if picture_tokens:
            usage.flags.append("output_split_missing")
    usage.text_output += max(total_output - unknown_output - usage.image_output - usage.text_output, 0)
    usage.thought_output = _count(reported, "total_thought_tokens")

    if unknown_input or unknown_output:
        usage.flags.append("unknown_kind")
    counted = [
        _count(entry, "count")
        for entry in _entries(reported, "grounding_tool_count")
        if entry.get("type") == "google_search"
    ]
    usage.search_queries = sum(counted) if counted else queries

    usage.tool_use = _count(reported, "total_tool_use_tokens")
    if usage.tool_use and not usage.search_queries:
        usage.flags.append("unpriced_tool_use")
    # The parts that are billed or flagged, not the totals that were reported: a split above its own total is found too.
    parts = usage.text_input + usage.image_input + usage.video_input + unknown_input
    parts += usage.text_output + usage.image_output + unknown_output + usage.thought_output + usage.tool_use
    usage.total = _count(reported, "total_tokens") or parts
    if usage.total != parts:
        usage.flags.append("total_mismatch")
    return usage


def _entries(reported: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = reported.get(name)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _count(reported: Mapping[str, Any], name: str) -> int:
    value = reported.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _by_modality(reported: Mapping[str, Any], name: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for entry in _entries(reported, name):
        modality = str(entry.get("modality", "")).lower()
        sums[modality] = sums.get(modality, 0) + _count(entry, "tokens")
    return sums
