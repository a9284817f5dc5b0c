from __future__ import annotations

import dramatiq
from django.apps import AppConfig
from django.conf import settings

from cavendish.broker import broker_at


class CavendishConfig(AppConfig):
    """The platform's own commands, and the broker for whoever sends to an actor. It has no models."""

    name = "cavendish"

    def ready(self) -> None:
        # Before any app's tasks are imported: an actor belongs to the broker of its declaration. Connects lazily.
        dramatiq.set_broker(broker_at(settings.BROKER_URL))
