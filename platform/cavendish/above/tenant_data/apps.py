from __future__ import annotations

from django.apps import AppConfig


class ClosingConfig(AppConfig):
    name = "cavendish.above.tenant_data"
    label = "closing"
