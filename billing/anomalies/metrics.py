from __future__ import annotations

from prometheus_client import Gauge

UNUSUAL = Gauge("cavendish_tenants_unusual", "Tenants that spend more than they usually do, today or yesterday.")
