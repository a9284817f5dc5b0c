from __future__ import annotations

from django.apps import AppConfig


class CavendishConfig(AppConfig):
    """Holds the platform's own management commands; it has no models."""

    name = "cavendish"
