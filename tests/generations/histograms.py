"""Histograms of durations as the roll-ups keep them, made in Python."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from generations.upkeep.durations import EDGES


def bucket_of(seconds: float) -> int:
    return bisect_right(EDGES, seconds)


def histogram(durations: Iterable[float]) -> tuple[list[int], list[int]]:
    """Returns `duration_buckets` and `duration_counts` of durations in seconds."""
    counts = sorted(Counter(map(bucket_of, durations)).items())
    return [bucket for bucket, _ in counts], [count for _, count in counts]
