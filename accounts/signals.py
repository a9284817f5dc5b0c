"""What accounts tells the apps above it, which it cannot import."""

from __future__ import annotations

from django.dispatch import Signal

# In the transaction that makes the tenant; billing opens its wallet. Arguments: tenant.
tenant_signed_up = Signal()
