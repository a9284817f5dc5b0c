from __future__ import annotations

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, template tags and static files. It has no models."""

    name = "cavendish.above.ui"
