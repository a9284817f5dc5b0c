"""The figures as a table, and the ratios with their aims."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.lines import Line

OURS, UPSTREAM, FLOOR = "Cavendish, SDK", "upstream alone", "the floor"
SMALL_AIM, LARGE_AIM = 1.5, 3.0
KINDS = ("processes", "web", "worker", "PostgreSQL", "Valkey")


@dataclass
class Measured:
    """A side's rounds: p50 of one client in ms, pictures per second of 16, milliseconds of a processor by kind."""

    label: str
    alone: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)
    spent: list[dict[str, float]] = field(default_factory=list)


def columns(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """The table's rows, the heading first: medians, with the lowest and the highest round."""
    return [
        ("picture of 1.4 MB unless it says otherwise", *(side.label for side in measured)),
        ("1 client, p50", *(f"{_spread(side.alone)} ms" for side in measured)),
        ("16 clients, pictures per second", *(_spread(side.small) for side in measured)),
        ("24 MB, 16 clients, pictures per second", *(_spread(side.large) for side in measured)),
        ("processor time for one", *(_cost(side.spent) for side in measured)),
    ]


def ratios(measured: Sequence[Measured]) -> list[Line]:
    """Ours by each peer's, and the floor's by it; the medians of both."""
    by_label = {side.label: side for side in measured}
    ours, upstream, floor = by_label[OURS], by_label[UPSTREAM], by_label[FLOOR]
    bare = statistics.median(upstream.alone)
    added = statistics.median(ours.alone) - bare
    lines = []
    for peer in measured:
        if peer.label.startswith("Cavendish") or peer.label in (UPSTREAM, FLOOR):
            continue
        for what, mine, its, aim in (
            ("1.4 MB", ours.small, peer.small, SMALL_AIM),
            ("24 MB", ours.large, peer.large, LARGE_AIM),
        ):
            times = statistics.median(mine) / statistics.median(its)
            lines.append(
                Line(
                    f"pictures per second, {what}, 16 at once, by {peer.label}'s",
                    f"{times:.2f} x",
                    f">= {aim:g} x",
                    times >= aim,
                )
            )
        least = statistics.median(floor.small) / statistics.median(peer.small)
        lines.append(Line(f"the floor's pictures per second, 1.4 MB, 16 at once, by {peer.label}'s", f"{least:.2f} x"))
        its_own = statistics.median(peer.alone) - bare
        lines.append(
            Line(
                f"added latency alone, by {peer.label}'s",
                f"{added:.1f} ms  ({peer.label} {its_own:.1f})",
                f"<= {its_own:.1f} ms",
                added <= its_own,
            )
        )
    return lines


def _spread(values: Sequence[float]) -> str:
    median = f"{statistics.median(values):.1f}"
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return median if low == high else f"{median} ({low} to {high})"


def _cost(rounds: Sequence[dict[str, float]]) -> str:
    if not any(rounds):
        return ""
    middle = sorted(rounds, key=lambda spent: sum(spent.values()))[len(rounds) // 2]
    whole = f"{sum(middle.values()):.1f} ms"
    parts = [f"{kind} {middle[kind]:.1f}" for kind in KINDS if kind in middle]
    return f"{whole}: {', '.join(parts)}" if parts else whole
