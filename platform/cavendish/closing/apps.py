from __future__ import annotations

from django.apps import AppConfig


class ClosingConfig(AppConfig):
    name = "cavendish.closing"
    label = "closing"
