from __future__ import annotations

from typing import Any

import dramatiq
from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from cavendish.messaging.broker import broker_at


class CavendishConfig(AppConfig):
    """The platform's own commands, the broker of all actors, and the SQL functions. It has no models."""

    name = "cavendish"

    def ready(self) -> None:
        # Before any app's tasks are imported: an actor belongs to the broker of its declaration. It connects lazily.
        dramatiq.set_broker(broker_at(settings.BROKER_URL))
        post_migrate.connect(_load_functions)


def _load_functions(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Loads the functions once per migrate: the signal comes for each app, for the last one when all tables exist."""
    from cavendish.db.call import call
    from cavendish.db.functions import functions_load

    if sender.name == settings.OWN_APPS[-1] and using == "owner":
        functions_load(using)
        # Whoever restores a database migrates it before anything runs on it.
        call("event_timeline_continue", using=using)
