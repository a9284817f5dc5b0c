from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Pages for people. It has no models; its templates replace django-allauth's."""

    name = "cavendish.above.console"
