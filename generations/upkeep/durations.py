"""How durations are counted: in buckets whose edges are a fourth of an octave apart, so that hours can be summed.

Bucket 0 is below EDGES[0], bucket i from EDGES[i - 1] up to EDGES[i], the last one from EDGES[-1] (724 s) on. A
percentile that is read from the buckets is exact to a bucket's width: at worst 19 % of the duration, and a few percent
where a bucket holds many jobs.
"""

from __future__ import annotations

from collections.abc import Mapping

EDGES: tuple[float, ...] = tuple(0.5 * 2 ** (step / 4) for step in range(43))
"""In seconds: 0.5, 0.59, 0.71, 0.84, 1.0, … 724.1."""


def percentile(counts: Mapping[int, float], share: float) -> float | None:
    """Returns the duration in seconds below which `share` (0 to 1) of the jobs lie; None where there are no jobs.

    `counts` is jobs by bucket. Within a bucket jobs count as evenly spread; what lies beyond the last edge is given as
    that edge.
    """
    total = sum(counts.values())
    if not total:
        return None
    rank, below = share * total, 0.0
    for bucket in sorted(counts):
        inside = counts[bucket]
        if below + inside >= rank and inside:
            if bucket >= len(EDGES):
                break
            low, high = (EDGES[bucket - 1] if bucket else 0.0), EDGES[bucket]
            return low + (high - low) * max(rank - below, 0.0) / inside
        below += inside
    return EDGES[-1]
