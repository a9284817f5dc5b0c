from __future__ import annotations

from django.apps import AppConfig


class TenantDataConfig(AppConfig):
    name = "cavendish.above.tenant_data"
    # The label is in the names of tables and in their migrations, so it stays as it was when the app was called so.
    label = "closing"
