"""Three months of believable life of twelve tenants, so that admin and console have something to show."""

from __future__ import annotations

from cavendish.above.demo.refusals import DemoRefused
from cavendish.above.demo.seed import Seeded, is_seeded, refuse_elsewhere, refuse_unless_own, seed

__all__ = ["DemoRefused", "Seeded", "is_seeded", "refuse_elsewhere", "refuse_unless_own", "seed"]
