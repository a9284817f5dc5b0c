from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.billing_port import billing_register
        from billing.tenants.services import Billing

        post_migrate.connect(_ship_prices, sender=self)
        billing_register(Billing())


def _ship_prices(using: str, **kwargs: Any) -> None:
    """Adds the upstream prices of a new release's models to the price book, before their first request."""
    from billing.prices.services import catalog_prices_sync
    from cavendish.db.router import acting_as

    with acting_as(using):
        catalog_prices_sync()
