from __future__ import annotations

import sys
from typing import Any

import dramatiq
from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_migrate

from cavendish.boot.clock import refuse_elsewhere
from cavendish.boot.config import ConfigurationError
from cavendish.boot.endings import endings_install
from cavendish.gemini import catalog
from cavendish.messaging.broker import broker_at


class CavendishConfig(AppConfig):
    """The platform's own commands, the broker of all actors, the catalog, and the SQL functions. It has no models."""

    name = "cavendish"

    def ready(self) -> None:
        endings_install(sys.orig_argv)
        # Before any app's tasks are imported: an actor belongs to the broker of its declaration. It connects lazily.
        dramatiq.set_broker(broker_at(settings.BROKER_URL))
        post_migrate.connect(_load_functions)
        checks.register(_clock_check)
        # Forms and pages of the apps list the models as soon as they are imported.
        try:
            catalog.configure(file=settings.CATALOG_FILE, names=settings.MODEL_ALIASES)
        except catalog.CatalogDataError as error:
            raise ConfigurationError(str(error)) from None


def _clock_check(app_configs: object, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        refuse_elsewhere(settings.CONFIG)
    except ConfigurationError as error:
        return [checks.Error(str(error), id="cavendish.E001")]
    return []


def _load_functions(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Loads the functions once per migrate: the signal comes for each app, for the last one when all tables exist."""
    from cavendish.db.call import call
    from cavendish.db.functions import functions_load

    if sender.name == settings.OWN_APPS[-1] and using == "owner":
        functions_load(using)
        # Whoever restores a database migrates it before anything runs on it.
        call("event_timeline_continue", using=using)
