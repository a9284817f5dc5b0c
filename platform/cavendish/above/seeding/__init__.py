"""Generated books of any size for benchmarks (`bench_seed`). The same seed gives the same rows."""

from __future__ import annotations

from cavendish.above.seeding.load import Refused, seed
from cavendish.above.seeding.rows import Size

__all__ = ["Refused", "Size", "seed"]
