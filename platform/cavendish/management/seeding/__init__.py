"""Books of any size for benchmarks, the same for the same seed: what `bench_seed` writes."""

from __future__ import annotations

from cavendish.management.seeding.load import Refused, seed
from cavendish.management.seeding.rows import Size

__all__ = ["Refused", "Size", "seed"]
