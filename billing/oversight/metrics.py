from __future__ import annotations

from prometheus_client import Gauge

BELOW_COST = Gauge("cavendish_prices_below_cost", "Prices below their cost, of plans that have tenants.")
